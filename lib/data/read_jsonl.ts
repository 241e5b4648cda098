import { messageOf, UserError } from "../errors.ts";
import { readLines } from "./read_lines.ts";
import type { SourceRecord } from "./source_record.ts";

/**
 * The records of a JSON Lines file, one a line, streamed.
 *
 * @throws {UserError} naming file and line if a line is not UTF-8 or not JSON
 */
export async function* readJsonl(path: string): AsyncGenerator<SourceRecord> {
  for await (const { line, text } of readLines(path)) {
    const where = `${path}:${line}`;
    yield { line, where, value: parseJson(where, text) };
  }
}

/** `JSON.parse` whose complaint starts with `where`; too deep a nesting is a complaint as well. */
export function parseJson(where: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${where}: not valid JSON: ${messageOf(error)}`);
  }
}
