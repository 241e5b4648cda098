import { UserError } from "../errors.ts";
import { readWhole } from "./byte_stream.ts";
import { decodeUtf8 } from "./read_lines.ts";
import type { SourceRecord } from "./source_record.ts";

/** Fields whose text may be empty, as in other kinds of files, if any row fills them. */
const TEXTS: ReadonlySet<string> = new Set([
  ...["prompt", "chosen", "rejected", "completion", "text"],
  ...["output", "response", "answer"],
]);

/**
 * The records of a CSV file with a header (RFC 4180): every field is text, an empty one counts as
 * missing unless it is of `TEXTS` and another row fills that column, and one that holds a JSON list
 * (of messages) is that list. The whole file is read into memory.
 *
 * @throws {UserError} naming file and line if a quoted field does not end or a row has more or fewer
 * fields than the header
 */
export async function* readCsv(path: string): AsyncGenerator<SourceRecord> {
  const text = decodeUtf8(path, await readWhole(path)).replace(/^\uFEFF/, "");
  let header: readonly string[] | undefined;
  let texts: ReadonlySet<string> = new Set();
  for (const { line, fields } of rowsOf(path, text)) {
    if (fields.length === 1 && fields[0] === "") continue;
    if (header === undefined) {
      header = fields;
      texts = filledTexts(path, text, header);
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
    const told = named.filter(([name, value]) => value !== "" || texts.has(name));
    yield { line, where, value: Object.fromEntries(told) };
  }
}

/** The `TEXTS` of the header that some row fills; mostly the first rows tell. */
function filledTexts(path: string, text: string, header: readonly string[]): Set<string> {
  const open = new Map([...header.entries()].filter(([, name]) => TEXTS.has(name)));
  const filled = new Set<string>();
  let isHeader = true;
  try {
    for (const { fields } of rowsOf(path, text)) {
      if (open.size === 0) break;
      if (fields.length === 1 && fields[0] === "") continue;
      for (const [column, name] of isHeader ? [] : open) {
        if ((fields[column] ?? "") === "") continue;
        filled.add(name);
        open.delete(column);
      }
      isHeader = false;
    }
  } catch (error) {
    // Whoever reads that far is told; a limit may stop before.
    if (!(error instanceof UserError)) throw error;
  }
  return filled;
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
  let at = 0, line = 1, begun = 1;
  let fields: string[] = [];
  while (at < text.length || fields.length > 0) {
    const field = fieldAt(text, at);
    if (field === undefined) {
      throw new UserError(
        `${path}:${line}: a quoted field does not end, or a quote stands within one`,
      );
    }
    const { value, end, next } = field;
    fields.push(value);
    line += text.slice(at, next).match(/\r\n|\n|\r/g)?.length ?? 0;
    at = next;
    if (end === ",") continue;
    yield { line: begun, fields };
    fields = [];
    begun = line;
    if (end === "") return;
  }
}

/** What a field without quotes holds. */
const PLAIN = /[^",\r\n]*/y;

/** What ends a field: a comma, a line break or the end of the text. */
const END = /,|\r\n|\n|\r|$/y;

/** The field that begins at `at`, what ends it and where the next begins; undefined for no field. */
function fieldAt(text: string, at: number) {
  const quoted = text[at] === '"';
  const close = quoted ? closingQuote(text, at + 1) : at + (matchAt(PLAIN, text, at) ?? "").length;
  if (close === undefined) return undefined;
  const after = quoted ? close + 1 : close;
  const end = matchAt(END, text, after);
  if (end === undefined) return undefined;
  const value = quoted ? text.slice(at + 1, close).replaceAll('""', '"') : text.slice(at, close);
  return { value, end, next: after + end.length };
}

/** Where the quoted text from `at` on ends. One pattern for it overflows the stack on long fields. */
function closingQuote(text: string, at: number): number | undefined {
  for (let quote = text.indexOf('"', at); quote >= 0; quote = text.indexOf('"', quote + 2)) {
    if (text[quote + 1] !== '"') return quote;
  }
  return undefined;
}

function matchAt(sticky: RegExp, text: string, at: number): string | undefined {
  sticky.lastIndex = at;
  return sticky.exec(text)?.[0];
}
