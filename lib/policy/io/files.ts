import { dirname } from "node:path";
import { messageOf, UserError } from "../../errors.ts";

/** Size of a regular file in bytes. Throws `UserError` naming the path. */
export async function fileSize(path: string): Promise<number> {
  const info = await Deno.stat(path).catch((error) => {
    throw new UserError(`${path}: cannot be read (${messageOf(error)})`);
  });
  if (!info.isFile) throw new UserError(`${path}: is not a file`);
  return info.size;
}

/** Bytes [offset, offset + length) of a file. Throws `UserError` if the file ends before. */
export async function readRange(path: string, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  using file = await Deno.open(path).catch((error) => {
    throw new UserError(`${path}: cannot be read (${messageOf(error)})`);
  });
  await file.seek(offset, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < length) {
    const n = await file.read(bytes.subarray(filled));
    if (n === null) {
      throw new UserError(
        `${path}: ends at byte ${
          offset + filled
        }, before the ${length} bytes expected at ${offset}`,
      );
    }
    filled += n;
  }
  return bytes;
}

/** A JSON object from a file. Throws `UserError` naming the path and the parser's complaint. */
export async function readJsonObject(path: string): Promise<Record<string, unknown>> {
  const text = await Deno.readTextFile(path).catch((error) => {
    throw new UserError(`${path}: cannot be read (${messageOf(error)})`);
  });
  return parseJsonObject(text, path);
}

/** A JSON object from text; `origin` names it in the `UserError`. */
export function parseJsonObject(text: string, origin: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UserError(`${origin}: is not valid JSON (${messageOf(error)})`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UserError(`${origin}: must hold a JSON object`);
  }
  return value as Record<string, unknown>;
}

/**
 * Writes a file whole or not at all: the chunks go to a temporary file in the same folder, which
 * then replaces `path`. Parent folders are made. Throws `UserError` (disk full, no permission).
 */
export async function writeFileAtomic(
  path: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const temporary = `${path}.${Deno.pid}.tmp`;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    {
      using file = await Deno.open(temporary, { write: true, create: true, truncate: true });
      for await (const chunk of chunks) {
        let written = 0;
        while (written < chunk.length) written += await file.write(chunk.subarray(written));
      }
      await file.sync();
    }
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    if (error instanceof UserError) throw error;
    throw new UserError(`${path}: cannot be written (${messageOf(error)})`);
  }
}

/** Whether anything exists at the path. */
export async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
