import { UserError } from "../errors.ts";

/** One line of a text file without its line end, counted from 1. */
export interface TextLine {
  readonly line: number;
  readonly text: string;
}

const LINE_FEED = 10;
const BYTE_ORDER_MARK = "\uFEFF";

/**
 * Streams the lines of a UTF-8 file, blank ones left out. LF and CRLF both end a line; a leading
 * byte order mark is dropped. Holds one line in memory, not the file.
 *
 * @throws {UserError} naming the line that is not UTF-8
 */
export async function* readLines(path: string): AsyncGenerator<TextLine> {
  using file = await Deno.open(path);
  let line = 0;
  let pending: Uint8Array[] = [];
  for await (const chunk of file.readable) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      pending.push(chunk.subarray(start, end));
      const text = decodeLine(path, ++line, pending);
      if (text.trim() !== "") yield { line, text };
      pending = [];
      start = end + 1;
    }
    if (start < chunk.length) pending.push(chunk.subarray(start));
  }
  if (pending.length > 0) {
    const text = decodeLine(path, ++line, pending);
    if (text.trim() !== "") yield { line, text };
  }
}

function decodeLine(path: string, line: number, pieces: Uint8Array[]): string {
  const text = decodeUtf8(`${path}:${line}`, joinBytes(pieces));
  const start = line === 1 && text.startsWith(BYTE_ORDER_MARK) ? 1 : 0;
  return text.slice(start, text.endsWith("\r") ? -1 : undefined);
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

function joinBytes(pieces: Uint8Array[]): Uint8Array {
  if (pieces.length === 1 && pieces[0] !== undefined) return pieces[0];
  const joined = new Uint8Array(pieces.reduce((total, piece) => total + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    joined.set(piece, offset);
    offset += piece.length;
  }
  return joined;
}
