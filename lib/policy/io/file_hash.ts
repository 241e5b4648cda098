import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { writeDurably } from "../../files/durable_file.ts";
import { cacheDir } from "./cache_dir.ts";

/** Hashes of files from this size on are remembered. */
const REMEMBERED_BYTES = 4 * 2 ** 20;

/**
 * SHA-256 of a file's bytes, in hex. That of a big file is remembered in the cache under its path,
 * number, size and times: a clock that was set back or a tool that keeps the time of modification
 * does not hide another content. Without a writable cache it is computed each time.
 */
export async function fileSha256(path: string): Promise<string> {
  const { size, ino, mtime, ctime } = await Deno.stat(path);
  if (size < REMEMBERED_BYTES) return await compute(path);
  const key = JSON.stringify([resolve(path), size, ino, mtime, ctime]);
  const name = createHash("sha256").update(key).digest("hex");
  let remembered: string;
  try {
    remembered = join(cacheDir("hashes"), name);
    const known = (await Deno.readTextFile(remembered)).trim();
    if (/^[0-9a-f]{64}$/.test(known)) return known;
  } catch {
    remembered = "";
  }
  const hash = await compute(path);
  try {
    remembered ||= join(cacheDir("hashes"), name);
    writeDurably(remembered, [new TextEncoder().encode(hash + "\n")]);
  } catch {
    // Only the memory of it is lost.
  }
  return hash;
}

/** The hash algorithm fed with a file's bytes. */
async function compute(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  const buffer = new Uint8Array(2 ** 20);
  for (let n = await file.read(buffer); n !== null; n = await file.read(buffer)) {
    hash.update(buffer.subarray(0, n));
  }
  return hash.digest("hex");
}
