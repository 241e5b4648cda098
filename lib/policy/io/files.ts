import { basename, dirname, join, sep as SEPARATOR } from "node:path";
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
export async function readRange(
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
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

/** Largest text of a model folder: the biggest known tokenizer.json has 35 MB. */
const MAX_TEXT_BYTES = 128 << 20;

/** Deepest nesting of a JSON text; a tokenizer or configuration has less than ten levels. */
const MAX_DEPTH = 100;

/**
 * A small file of a folder as a whole: a regular one, of bounded size, that lies in the folder or
 * is a link of the Hugging Face cache (`snapshots/<commit>/x -> ../../blobs/y`). A folder that
 * somebody else made cannot point at our files or devices. Throws `UserError` naming the path.
 */
export async function readInFolder(folder: string, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const path = join(folder, name);
  const size = await checkInFolder(folder, name);
  if (size > MAX_TEXT_BYTES) {
    throw new UserError(`${path}: has ${size} bytes, more than the ${MAX_TEXT_BYTES} read`);
  }
  return await readRange(path, 0, size);
}

/** Bytes of a file in a folder. Throws `UserError` if its name leads out of it; see `readInFolder`. */
export async function checkInFolder(folder: string, name: string): Promise<number> {
  const path = join(folder, name);
  const size = await fileSize(path); // first: of a pipe nothing else may be asked
  const [home, real] = await Promise.all([Deno.realPath(folder), Deno.realPath(path)])
    .catch((error) => {
      throw new UserError(`${path}: cannot be read (${messageOf(error)})`);
    });
  const isWithin = (root: string) =>
    real.startsWith(root.endsWith(SEPARATOR) ? root : root + SEPARATOR);
  const isHubCache = basename(dirname(home)) === "snapshots";
  if (isWithin(home) || isHubCache && isWithin(join(home, "..", "..", "blobs"))) return size;
  throw new UserError(
    `${path}: is a link out of its folder, to ${real}; put the file itself there`,
  );
}

/** A JSON object from a file. Throws `UserError` naming the path and the parser's complaint. */
export async function readJsonObject(path: string): Promise<Record<string, unknown>> {
  const bytes = await readInFolder(dirname(path), basename(path));
  return parseJsonObject(new TextDecoder().decode(bytes), path);
}

/** A JSON object from text; `origin` names it in the `UserError`. */
export function parseJsonObject(text: string, origin: string): Record<string, unknown> {
  let value: unknown;
  try {
    checkDepth(text, origin);
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${origin}: is not valid JSON (${messageOf(error)})`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UserError(`${origin}: must hold a JSON object`);
  }
  return value as Record<string, unknown>;
}

/** Throws for a nesting that would exhaust the stack of whatever walks through the value. */
function checkDepth(text: string, origin: string): void {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '"') inString = !inString;
    else if (inString && c === "\\") i++;
    else if (!inString && (c === "[" || c === "{")) depth++;
    else if (!inString && (c === "]" || c === "}")) depth--;
    if (depth > MAX_DEPTH) {
      throw new UserError(`${origin}: is nested deeper than ${MAX_DEPTH} levels`);
    }
  }
}

/** Whether anything exists at the path. */
export async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
