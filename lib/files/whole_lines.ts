import { existsSync } from "node:fs";
import { truncateDurably } from "./durable_file.ts";
import { joinBytes } from "./join_bytes.ts";

/** Bytes read at once: the whole of a large file may be longer than a string can be. */
const CHUNK_BYTES = 2 ** 23;

const NEWLINE = 10;

/**
 * The lines of a file that is only ever added to, one by one; none where it is not there. A last line
 * without its newline, which a killed process left, is cut off when all others have been read.
 *
 * @param chunkBytes bytes read at once, 8 MiB unless told; a line may be longer
 */
export function* wholeLines(path: string, chunkBytes = CHUNK_BYTES): Generator<string> {
  if (!existsSync(path)) return;
  const end = yield* linesOf(path, chunkBytes);
  if (end < Deno.statSync(path).size) truncateDurably(path, end);
}

/** Returns where the last whole line ends, bytes. */
function* linesOf(path: string, chunkBytes: number): Generator<string, number> {
  using file = Deno.openSync(path);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const buffer = new Uint8Array(chunkBytes);
  /** What has been read of a line that has not ended. */
  let begun: Uint8Array[] = [];
  let end = 0;
  for (let count = file.readSync(buffer); count !== null; count = file.readSync(buffer)) {
    const read = buffer.slice(0, count);
    const newline = read.lastIndexOf(NEWLINE);
    if (newline >= 0) {
      const whole = joinBytes([...begun, read.subarray(0, newline)]);
      yield* decoder.decode(whole).split("\n");
      end += whole.length + 1;
      begun = [];
    }
    begun.push(read.subarray(newline + 1));
  }
  return end;
}
