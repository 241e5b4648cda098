import { joinBytes } from "../files/join_bytes.ts";
import { UserError } from "../errors.ts";
import { byteStream, MAX_WHOLE_BYTES } from "./byte_stream.ts";

/** One line of a text file without its line end, counted from 1. */
export interface TextLine {
  readonly line: number;
  readonly text: string;
}

const LINE_FEED = 10;
const BYTE_ORDER_MARK = "\uFEFF";

/**
 * Streams the lines of a UTF-8 file, blank ones left out. LF and CRLF both end a line; a leading
 * byte order mark is dropped. Holds a megabyte and one line in memory, not the file.
 *
 * @throws {UserError} naming the line that is not UTF-8
 */
export async function* readLines(path: string): AsyncGenerator<TextLine> {
  let line = 0;
  /** What was read since the last line feed. */
  const pending: Uint8Array[] = [];
  for await (const chunk of byteStream(path)) {
    const end = chunk.lastIndexOf(LINE_FEED) + 1;
    if (end > 0) {
      pending.push(chunk.subarray(0, end));
      yield* linesOf(pending.splice(0));
    }
    pending.push(chunk.subarray(end));
    if (pending.reduce((sum, { length }) => sum + length, 0) > MAX_WHOLE_BYTES) {
      throw new UserError(
        `${path}:${line + 1}: the line is longer than ${MAX_WHOLE_BYTES >> 20} MiB`,
      );
    }
  }
  yield* linesOf(pending);

  function* linesOf(pieces: readonly Uint8Array[]): Generator<TextLine> {
    for (const text of decodeLines(path, line, joinBytes(pieces))) {
      line++;
      if (text.trim() !== "") yield { line, text };
    }
  }
}

/** The lines of some whole lines, `before` lines into the file. */
function decodeLines(path: string, before: number, bytes: Uint8Array): string[] {
  let text: string;
  try {
    text = decodeUtf8(path, bytes);
  } catch {
    throw firstInvalid(path, before, bytes);
  }
  if (before === 0 && text.startsWith(BYTE_ORDER_MARK)) text = text.slice(1);
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => line.endsWith("\r") ? line.slice(0, -1) : line);
}

/** The complaint about the first of some lines that is not UTF-8. */
function firstInvalid(path: string, before: number, bytes: Uint8Array): UserError {
  for (let start = 0, line = before + 1;; line++) {
    const end = bytes.indexOf(LINE_FEED, start);
    try {
      decodeUtf8(`${path}:${line}`, bytes.subarray(start, end < 0 ? undefined : end));
    } catch (error) {
      if (error instanceof UserError) return error;
      throw error;
    }
    start = end + 1;
  }
}

/**
 * Bytes as text; a byte order mark is kept.
 *
 * @throws {UserError} starting with `where` if the bytes are not UTF-8
 */
export function decodeUtf8(where: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UserError(`${where}: not UTF-8 text: save the file as UTF-8`);
  }
}
