import { messageOf, UserError } from "../errors.ts";

/** How a data file is stored. */
export type FileKind = "jsonl" | "json" | "parquet" | "text";

/** How far into a file without a telling name its first character is looked for, in bytes. */
const SNIFF_BYTES = 65536;

/**
 * The kind of a data file: by its name where that settles it (`.jsonl`, `.ndjson`, `.parquet`,
 * `.txt`), else by its first bytes (`.json` may hold an array or one record a line, as for Hugging
 * Face's `datasets`).
 *
 * @throws {UserError} if the file is missing, unreadable, empty, compressed or of no known kind
 */
export async function fileKind(path: string): Promise<FileKind> {
  const head = await readHead(path);
  if (head.length === 0) throw new UserError(`${path} is empty: it must hold at least one record`);
  if (head[0] === 0x1f && head[1] === 0x8b) {
    throw new UserError(`${path} is compressed with gzip: unpack it first (gunzip)`);
  }
  const ending = /\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase();
  if (ending === "jsonl" || ending === "ndjson") return "jsonl";
  if (ending === "parquet") return "parquet";
  if (ending === "txt") return "text";
  const text = new TextDecoder("utf-8").decode(head);
  if (text.startsWith("PAR1")) return "parquet";
  const first = text.trimStart()[0];
  if (first === "[") return "json";
  if (first === "{" || ending === "json") return "jsonl";
  if (first === undefined) throw new UserError(`${path} holds no record: only blank lines`);
  throw new UserError(
    `${path} is not a data file that is known here: give JSONL (.jsonl), a JSON array (.json) or Parquet (.parquet)`,
  );
}

async function readHead(path: string): Promise<Uint8Array> {
  try {
    using file = await Deno.open(path);
    if ((await file.stat()).isDirectory) {
      throw new UserError(`${path} is a folder: give a file of records`);
    }
    const buffer = new Uint8Array(SNIFF_BYTES);
    const read = await file.read(buffer);
    return buffer.subarray(0, read ?? 0);
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (error instanceof Deno.errors.NotFound) {
      throw new UserError(`${path} does not exist: check the path`);
    }
    throw new UserError(`cannot read ${path}: ${messageOf(error)}`);
  }
}
