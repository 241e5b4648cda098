import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { canonicalJson } from "./canonical_json.ts";
import { appendDurably, truncateDurably } from "./durable_file.ts";
import { parseStudyRecord, type StudyRecord } from "./study_record.ts";

/** Records of the studies: one JSONL file a study, added to and never rewritten. */
export interface StudyStore {
  readonly folder: string;
  /** Records by hash, of all studies. */
  readonly records: ReadonlyMap<string, StudyRecord>;
  /** Whether the study's own file has the record. */
  has(study: string, hash: string): boolean;
  /** Adds a record to a study's file, durably; nothing where it is there already. */
  add(study: string, record: StudyRecord): void;
}

/**
 * Opens the records in a folder. A last line without its newline, left by a killed process, is cut
 * off if `writable`, and overlooked otherwise.
 *
 * @throws {UserError} naming a line that is not a record
 */
export function openStudyStore(
  folder: string,
  studies: readonly string[],
  { writable }: { writable: boolean },
): StudyStore {
  const records = new Map<string, StudyRecord>();
  const owned = new Map<string, Set<string>>();
  for (const study of studies) {
    const read = readRecords(join(folder, `${study}.jsonl`), writable);
    owned.set(study, new Set(read.map((record) => record.hash)));
    for (const record of read) {
      if (!records.has(record.hash)) records.set(record.hash, record);
    }
  }
  const ownedBy = (study: string): Set<string> => {
    const hashes = owned.get(study);
    if (hashes === undefined) throw new RangeError(`the store was opened without "${study}"`);
    return hashes;
  };
  return {
    folder,
    records,
    has: (study, hash) => ownedBy(study).has(hash),
    add: (study, record) => {
      if (!writable) throw new UserError(`the records in ${folder} were opened for reading only`);
      if (ownedBy(study).has(record.hash)) return;
      const line = new TextEncoder().encode(canonicalJson(record) + "\n");
      Deno.mkdirSync(folder, { recursive: true });
      appendDurably(join(folder, `${study}.jsonl`), line);
      ownedBy(study).add(record.hash);
      if (!records.has(record.hash)) records.set(record.hash, record);
    },
  };
}

function readRecords(path: string, cutTornTail: boolean): StudyRecord[] {
  if (!existsSync(path)) return [];
  const text = Deno.readTextFileSync(path);
  const end = text.lastIndexOf("\n") + 1;
  if (end < text.length && cutTornTail) {
    truncateDurably(path, new TextEncoder().encode(text.slice(0, end)).length);
  }
  return text.slice(0, end).split("\n").flatMap((line, index) =>
    line === "" ? [] : [parseStudyRecord(line, `${path} line ${index + 1}`)]
  );
}
