import { UserError } from "../errors.ts";
import { readWhole } from "./byte_stream.ts";
import { decodeUtf8 } from "./read_lines.ts";
import type { SourceRecord } from "./source_record.ts";

/**
 * The records of a CSV file with a header (RFC 4180): every field is text, an empty one counts as
 * missing, and one that holds a JSON list (of messages) is that list. The whole file is read into
 * memory.
 *
 * @throws {UserError} naming file and line if a quoted field does not end or a row has more or fewer
 * fields than the header
 */
export async function* readCsv(path: string): AsyncGenerator<SourceRecord> {
  const text = decodeUtf8(path, await readWhole(path)).replace(/^\uFEFF/, "");
  let header: readonly string[] | undefined;
  for (const { line, fields } of rowsOf(path, text)) {
    if (fields.length === 1 && fields[0] === "") continue;
    if (header === undefined) {
      header = fields;
      continue;
    }
    const where = `${path}:${line}`;
    if (fields.length !== header.length) {
      throw new UserError(
        `${where}: ${fields.length} fields where the header has ${header.length}: quote fields that ` +
          "hold commas or line breaks",
      );
    }
    const named = header.map((name, i) => [name, valueOf(fields[i] ?? "")] as const);
    yield { line, where, value: Object.fromEntries(named.filter(([, value]) => value !== "")) };
  }
}

function valueOf(field: string): unknown {
  if (!/^\s*\[\s*\{/.test(field)) return field;
  try {
    return JSON.parse(field);
  } catch {
    return field;
  }
}

/** The rows of the text, each with the line that it begins on. */
function* rowsOf(path: string, text: string): Generator<{ line: number; fields: string[] }> {
  // A field, quoted or not, and what ends it: a comma, a line break or the end.
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;
  let line = 1, begun = 1;
  let fields: string[] = [];
  while (field.lastIndex < text.length || fields.length > 0) {
    const match = field.exec(text);
    if (match === null) {
      throw new UserError(
        `${path}:${line}: a quoted field does not end, or a quote stands within one`,
      );
    }
    const [whole, quoted, plain = "", end] = match;
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    line += whole.match(/\r\n|\n|\r/g)?.length ?? 0;
    if (end === ",") continue;
    yield { line: begun, fields };
    fields = [];
    begun = line;
    if (end === "") return;
  }
}
