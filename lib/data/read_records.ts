import { UserError } from "../errors.ts";
import { dataFiles } from "./data_files.ts";
import { type FileKind, fileKind } from "./file_kind.ts";
import { readCsv } from "./read_csv.ts";
import { readJson } from "./read_json.ts";
import { readJsonl } from "./read_jsonl.ts";
import { readLines } from "./read_lines.ts";
import { readParquet } from "./read_parquet.ts";
import type { SourceRecord } from "./source_record.ts";

/** A data file, its kind known and its records still unread. */
export interface RecordSource {
  readonly kind: FileKind;
  readonly records: AsyncGenerator<SourceRecord>;
}

/**
 * Opens a data file of any kind that is known, or a folder of them: one after another.
 *
 * @param columns the fields that the caller will read (Parquet reads only those); undefined: all
 * @throws {UserError} if the file is missing, empty, of no known kind or (while reading) malformed
 */
export async function openRecords(
  path: string,
  columns?: readonly string[],
): Promise<RecordSource> {
  const [first = path, ...more] = await dataFiles(path);
  const source = await openFile(first, columns);
  if (more.length === 0) return source;
  return {
    kind: source.kind,
    records: (async function* () {
      yield* source.records;
      for (const file of more) yield* (await openFile(file, columns)).records;
    })(),
  };
}

async function openFile(path: string, columns?: readonly string[]): Promise<RecordSource> {
  const kind = await fileKind(path);
  switch (kind) {
    case "jsonl":
      return { kind, records: readJsonl(path) };
    case "json":
      return { kind, records: readJson(path) };
    case "csv":
      return { kind, records: readCsv(path) };
    case "parquet":
      return { kind, records: readParquet(path, columns) };
    case "text":
      return { kind, records: readText(path) };
  }
}

async function* readText(path: string): AsyncGenerator<SourceRecord> {
  for await (const { line, text } of readLines(path)) {
    yield { line, where: `${path}:${line}`, value: text };
  }
}

/** @throws {UserError} if `limit` is neither undefined nor an integer of at least 1 */
export function checkLimit(limit: number | undefined): number {
  if (limit === undefined) return Infinity;
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new UserError(`limit must be an integer of at least 1, got ${limit}`);
  }
  return limit;
}
