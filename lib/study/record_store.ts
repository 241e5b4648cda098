import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { appendDurably, truncateDurably } from "../files/durable_file.ts";
import { parseRecord, recordLine, type StudyRecord } from "./record.ts";

/** Records of the studies: one JSONL file per study, added to and never rewritten. */
export interface RecordStore {
  /** Where its files lie. */
  readonly folder: string;
  /** Records by hash, of all studies. */
  readonly records: ReadonlyMap<string, StudyRecord>;
  /** Adds a record to a study's file, durably; nothing where it is there already. */
  add(study: string, record: StudyRecord): void;
}

/**
 * Opens the records in a folder, which need not be there yet. A last line without its newline, left
 * by a killed process, is cut off if `writable`, and overlooked otherwise.
 *
 * @throws {UserError} naming a line that is not a record, or was changed
 */
export function openRecords(
  folder: string,
  { writable = false }: { writable?: boolean } = {},
): RecordStore {
  const records = new Map<string, StudyRecord>();
  const owned = new Map<string, Set<string>>();
  const files = existsSync(folder)
    ? [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".jsonl"))
    : [];
  for (const { name } of files) {
    const read = readRecords(join(folder, name), writable);
    owned.set(name.slice(0, -".jsonl".length), new Set(read.map((record) => record.hash)));
    for (const record of read) records.set(record.hash, record);
  }
  return {
    folder,
    records,
    add: (study, record) => {
      if (!writable) throw new UserError(`the records in ${folder} were opened for reading only`);
      const own = owned.get(study) ?? new Set();
      if (own.has(record.hash)) return;
      Deno.mkdirSync(folder, { recursive: true });
      const line = new TextEncoder().encode(`${recordLine(record)}\n`);
      appendDurably(join(folder, `${study}.jsonl`), line);
      owned.set(study, own.add(record.hash));
      records.set(record.hash, record);
    },
  };
}

function readRecords(path: string, cutTornTail: boolean): StudyRecord[] {
  const text = Deno.readTextFileSync(path);
  const end = text.lastIndexOf("\n") + 1;
  if (end < text.length && cutTornTail) {
    truncateDurably(path, new TextEncoder().encode(text.slice(0, end)).length);
  }
  return text.slice(0, end).split("\n").flatMap((line, index) =>
    line === "" ? [] : [parseRecord(line, `${path} line ${index + 1}`)]
  );
}
