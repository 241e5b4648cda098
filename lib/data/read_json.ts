import { UserError } from "../errors.ts";
import { readWhole } from "./byte_stream.ts";
import { parseJson } from "./read_jsonl.ts";
import { decodeUtf8 } from "./read_lines.ts";
import { kindOf, type SourceRecord } from "./source_record.ts";

/**
 * The records of a file that holds one JSON array. The whole file is read into memory: JSONL and
 * Parquet suit large data better.
 *
 * @throws {UserError} naming the file if it is not UTF-8, not JSON, not an array or too large
 */
export async function* readJson(path: string): AsyncGenerator<SourceRecord> {
  const records = parseJson(path, await readText(path));
  if (!Array.isArray(records)) {
    throw new UserError(`${path}: expected an array of records, got ${kindOf(records)}`);
  }
  for (const [index, value] of records.entries()) {
    yield { line: index + 1, where: `${path}: record ${index + 1}`, value };
  }
}

async function readText(path: string): Promise<string> {
  return decodeUtf8(path, await readWhole(path)).replace(/^\uFEFF/, "");
}
