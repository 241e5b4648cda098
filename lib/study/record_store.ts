import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { appendDurably, truncateDurably, writeDurably } from "../files/durable_file.ts";
import { parseRecord, recordLine, type StudyRecord } from "./record.ts";

/**
 * Records of the studies: a JSONL file per study, only ever added to. What comes after a file is
 * full goes into a further one: `<study>.jsonl`, `<study>.2.jsonl`.
 */
export interface RecordStore {
  /** Where its files lie. */
  readonly folder: string;
  /** Records by hash, of all studies: of several of one run the first by their files' names. */
  readonly records: ReadonlyMap<string, StudyRecord>;
  /**
   * Adds a record to a study's file, durably; nothing where one of its run is there already. Where
   * another study has one, that is the one added: a run counts once.
   */
  add(study: string, record: StudyRecord): void;
}

/** Bytes from which a file is full: repositories refuse or slow down on large ones. */
const FULL = 4 * 2 ** 20;

/** How records are opened. */
export interface RecordOptions {
  /** Whether records will be added. The folder must then be this process's own. Default false. */
  readonly writable?: boolean;
  /**
   * Told of each line that is no record or was changed; it then counts as absent, and if `writable`
   * it is moved to `<file>.damaged`, so that its run is done again. Default: an error, as is
   * right for records that cannot be made again at will.
   */
  readonly onDamaged?: ((message: string) => void) | undefined;
}

/**
 * Opens the records in a folder, which need not be there yet. A last line without its newline, left
 * by a killed process, is cut off if `writable`, and overlooked otherwise.
 *
 * @throws {UserError} naming a line that is not a record, or was changed, where nobody is told
 */
export function openRecords(folder: string, options: RecordOptions = {}): RecordStore {
  const { writable = false } = options;
  const records = new Map<string, StudyRecord>();
  const owned = new Map<string, Set<string>>();
  const ownOf = (study: string) => {
    const own = owned.get(study) ?? new Set();
    owned.set(study, own);
    return own;
  };
  const files = existsSync(folder)
    ? [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) =>
      name.endsWith(".jsonl")
    )
    : [];
  // In the order of their names: a directory's own differs from machine to machine.
  for (const name of files.toSorted()) {
    const read = readRecords(join(folder, name), options);
    const own = ownOf(name.replace(/(\.\d+)?\.jsonl$/, ""));
    for (const record of read) {
      own.add(record.hash);
      if (!records.has(record.hash)) records.set(record.hash, record);
    }
  }
  return {
    folder,
    records,
    add: (study, record) => {
      if (!writable) throw new UserError(`the records in ${folder} were opened for reading only`);
      if (ownOf(study).has(record.hash)) return;
      Deno.mkdirSync(folder, { recursive: true });
      const counted = records.get(record.hash) ?? record;
      appendDurably(fileWithRoom(folder, study), encoded([recordLine(counted)]));
      ownOf(study).add(record.hash);
      records.set(record.hash, counted);
    },
  };
}

function fileWithRoom(folder: string, study: string): string {
  for (let part = 1;; part++) {
    const path = join(folder, `${study}${part === 1 ? "" : `.${part}`}.jsonl`);
    if (!existsSync(path) || Deno.statSync(path).size < FULL) return path;
  }
}

function readRecords(path: string, { writable = false, onDamaged }: RecordOptions): StudyRecord[] {
  const bytes = Deno.readFileSync(path);
  const end = bytes.lastIndexOf(NEWLINE) + 1;
  if (end < bytes.length && writable) truncateDurably(path, end);
  const lines = new TextDecoder().decode(bytes.subarray(0, end)).split("\n").slice(0, -1);
  const [kept, damaged]: [string[], string[]] = [[], []];
  const aside = `${path}.damaged`;
  const done = writable ? `it is moved to ${aside}, and its run done again` : "it is left out";
  const advice = onDamaged === undefined ? undefined : done;
  const records = lines.flatMap((line, index) => {
    if (line === "") return [];
    try {
      const record = parseRecord(line, `${path} line ${index + 1}`, advice);
      kept.push(line);
      return [record];
    } catch (error) {
      if (onDamaged === undefined || !(error instanceof UserError)) throw error;
      damaged.push(line);
      onDamaged(error.message);
      return [];
    }
  });
  if (writable && damaged.length > 0) {
    appendDurably(aside, encoded(damaged));
    writeDurably(path, [encoded(kept)]);
  }
  return records;
}

const NEWLINE = 10;

function encoded(lines: readonly string[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
}
