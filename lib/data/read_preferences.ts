import { createHash } from "node:crypto";
import { UserError } from "../errors.ts";
import type { FileKind } from "./file_kind.ts";
import type { PreferencePair } from "./preference.ts";
import { type PreferenceFormat, readPreferenceRecord } from "./preference_record.ts";
import { checkLimit, openRecords } from "./read_records.ts";
import { fieldsOf, flippedField, idField, USED_COLUMNS } from "./record_fields.ts";
import { refuseTemplateInput, TEMPLATE_COLUMNS } from "./template_input.ts";

/** A record that was left out, and why. */
export interface SkippedRecord {
  /** Line (text files) or record number, counted from 1. */
  readonly line: number;
  /** What was wrong, for messages. */
  readonly reason: string;
}

/** A field that occurs in the file. */
export interface DataColumn {
  /** The field's. */
  readonly name: string;
  /** Records that have it. */
  readonly records: number;
  /** False for fields that are ignored. */
  readonly used: boolean;
}

/** The preference pairs of one file. */
export interface PreferenceFile {
  /** As it was given. */
  readonly path: string;
  /** In the file's order, repetitions left out. */
  readonly pairs: readonly PreferencePair[];
  /** Records that are no preference, each with the reason. */
  readonly skipped: readonly SkippedRecord[];
  /** How the file is stored. */
  readonly kind: FileKind;
  /** The formats found; more than one if records differ. */
  readonly formats: readonly PreferenceFormat[];
  /** Columns of the records, those that are not read too. */
  readonly columns: readonly DataColumn[];
  /** Where each pair stands in the file, by id: `pairs.jsonl:3`. */
  readonly places: ReadonlyMap<string, string>;
  /** SHA-256 of ids, prompts and completions in order: equal pairs give equal fingerprints. */
  readonly fingerprint: string;
}

/** Options of `readPreferences`. */
export interface ReadPreferencesOptions {
  /** Stop after this many usable pairs; what follows is not read. Default: all. */
  readonly limit?: number | undefined;
}

/**
 * Reads preference pairs from JSONL, JSON, CSV or Parquet in TRL's preference formats.
 *
 * A record whose chosen and rejected are the same, or one of which is empty, is skipped and counted;
 * anything else that is wrong stops the reading. An `id` field is kept, else the id is the record's
 * position from 0; `flipped`, which `data` writes, is kept where it is.
 *
 * @throws {UserError} one line that names the file, the record and the field at fault
 */
export async function readPreferences(
  path: string,
  options: ReadPreferencesOptions = {},
): Promise<PreferenceFile> {
  const limit = checkLimit(options.limit);
  const { kind, records } = await openRecords(path, [...USED_COLUMNS, ...TEMPLATE_COLUMNS]);
  if (kind === "text") {
    throw new UserError(
      `${path}: preference pairs are read from JSONL, JSON, CSV or Parquet, not .txt`,
    );
  }
  const pairs: PreferencePair[] = [];
  const skipped: SkippedRecord[] = [];
  const ids = new Map<string, string>();
  const columns = new Map<string, number>();
  const formats = new Map<string, PreferenceFormat>();
  let position = 0;
  for await (const record of records) {
    const { where, line } = record;
    const fields = fieldsOf(record, '"prompt", "chosen" and "rejected"');
    const id = idField(where, fields, position++, ids);
    for (const name of Object.keys(fields)) columns.set(name, (columns.get(name) ?? 0) + 1);
    refuseTemplateInput(where, fields);
    if (isEmptyAnswer(fields.chosen) || isEmptyAnswer(fields.rejected)) {
      skipped.push({ line, reason: "an empty answer" });
      continue;
    }
    const { format, preference } = readPreferenceRecord(where, fields);
    const flipped = flippedField(where, fields);
    formats.set(`${format.style} ${format.prompt}`, format);
    if (preference === undefined) skipped.push({ line, reason: "chosen = rejected" });
    else pairs.push({ id, ...preference, ...(flipped !== undefined && { flipped }) });
    if (pairs.length >= limit) break;
  }
  if (position === 0) throw new UserError(`${path} holds no record`);
  if (pairs.length === 0) {
    const reasons = [...new Set(skipped.map(({ reason }) => reason))].join(", ");
    throw new UserError(`${path} has no usable pair: ${reasons} in all ${position} records`);
  }
  return {
    path,
    pairs,
    skipped,
    kind,
    places: ids,
    formats: [...formats.values()],
    columns: [...columns].map(([name, records]) => ({
      name,
      records,
      used: USED_COLUMNS.includes(name),
    })),
    fingerprint: fingerprintPairs(pairs),
  };
}

/** Empty text, or messages the last of which is: what a policy writes that ends at once. */
function isEmptyAnswer(value: unknown): boolean {
  if (!Array.isArray(value)) return value === "";
  return value.length > 0 && (value.at(-1) as { content?: unknown } | null)?.content === "";
}

/** SHA-256 over ids, prompts and completions, in order. */
export function fingerprintPairs(pairs: Iterable<PreferencePair>): string {
  const hash = createHash("sha256");
  for (const { id, prompt, chosen, rejected } of pairs) {
    hash.update(JSON.stringify([id, prompt, chosen, rejected]) + "\n");
  }
  return hash.digest("hex");
}
