import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { messageOf, UserError } from "../errors.ts";
import { joinBytes } from "../files/join_bytes.ts";

/** Bytes read at a time. */
const CHUNK_BYTES = 1 << 20;

/**
 * The bytes of a file in chunks; a file that gzip has compressed is unpacked on the way, by its first
 * bytes, whatever its name, all of its members (bgzip's files and joined ones have several).
 *
 * @throws {UserError} if the file is missing, a folder, unreadable or its compressed data damaged
 */
export async function* byteStream(path: string): AsyncGenerator<Uint8Array> {
  const [zipped, file] = await openData(path);
  using _closed = file;
  try {
    yield* zipped ? unpacked(file) : chunksOf(file);
  } catch (error) {
    const advice = zipped ? "; is it whole? Download or compress it again" : "";
    throw new UserError(`${path} cannot be read: ${messageOf(error)}${advice}`);
  }
}

async function* chunksOf(file: Deno.FsFile): AsyncGenerator<Uint8Array> {
  for (;;) {
    const buffer = new Uint8Array(CHUNK_BYTES);
    const count = await file.read(buffer);
    if (count === null) return;
    yield buffer.subarray(0, count);
  }
}

/** Node's reader: the web's `DecompressionStream` takes a second member for trailing data. */
async function* unpacked(file: Deno.FsFile): AsyncGenerator<Uint8Array> {
  const packed = Readable.from(chunksOf(file));
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  const ended = new Promise<void>((resolve) => pipeline(packed, gunzip, () => resolve()));
  try {
    yield* gunzip;
  } finally {
    gunzip.destroy();
    await ended;
  }
}

/** The first bytes, unpacked; fewer where the file is shorter. */
export async function readHead(path: string, length: number): Promise<Uint8Array> {
  const head = new Uint8Array(length);
  let at = 0;
  for await (const chunk of byteStream(path)) {
    const part = chunk.subarray(0, length - at);
    head.set(part, at);
    at += part.length;
    if (at === length) break;
  }
  return head.subarray(0, at);
}

/** Bytes of a file that is read as a whole, and the longest line. */
export const MAX_WHOLE_BYTES = 1 << 28;

/** All of the bytes, unpacked. Throws `UserError` for more than 256 MiB. */
export async function readWhole(path: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of byteStream(path)) {
    bytes += chunk.length;
    if (bytes > MAX_WHOLE_BYTES) {
      throw new UserError(
        `${path} holds more than ${MAX_WHOLE_BYTES >> 20} MiB in one piece: use JSONL or Parquet`,
      );
    }
    chunks.push(chunk);
  }
  return joinBytes(chunks);
}

/** The file at its start, and whether gzip has compressed it. */
async function openData(path: string): Promise<[boolean, Deno.FsFile]> {
  let file: Deno.FsFile | undefined;
  try {
    const info = await Deno.stat(path); // before it is opened: a pipe would wait for its writer
    if (info.isDirectory) throw new UserError(`${path} is a folder: give a file of records`);
    if (!info.isFile) throw new UserError(`${path} is a pipe or a device: give a file of records`);
    file = await Deno.open(path);
    const magic = new Uint8Array(2);
    await file.read(magic);
    await file.seek(0, Deno.SeekMode.Start);
    return [magic[0] === 0x1f && magic[1] === 0x8b, file];
  } catch (error) {
    file?.close();
    if (error instanceof UserError) throw error;
    if (error instanceof Deno.errors.NotFound) {
      throw new UserError(`${path} does not exist: check the path`);
    }
    throw new UserError(`cannot read ${path}: ${messageOf(error)}`);
  }
}
