import { UserError } from "../errors.ts";
import { readHead } from "./byte_stream.ts";

/** How a data file is stored. */
export type FileKind = "jsonl" | "json" | "csv" | "parquet" | "text";

/** How far into a file without a telling name its first character is looked for, in bytes. */
const SNIFF_BYTES = 65536;

/**
 * The kind of a data file: by its name where that settles it (`.jsonl`, `.ndjson`, `.csv`,
 * `.parquet`, `.txt`, also with `.gz` after it), else by its first bytes (`.json` may hold an array
 * or one record a line, as for Hugging Face's `datasets`).
 *
 * @throws {UserError} if the file is missing, unreadable, empty or of no known kind
 */
export async function fileKind(path: string): Promise<FileKind> {
  const head = await readHead(path, SNIFF_BYTES);
  if (head.length === 0) throw new UserError(`${path} is empty: it must hold at least one record`);
  const ending = /\.([a-z]+)(\.gz)?$/i.exec(path)?.[1]?.toLowerCase();
  if (ending === "jsonl" || ending === "ndjson") return "jsonl";
  if (ending === "parquet") return "parquet";
  if (ending === "csv") return "csv";
  if (ending === "txt") return "text";
  const text = new TextDecoder("utf-8").decode(head);
  if (text.startsWith("PAR1")) return "parquet";
  const first = text.trimStart()[0];
  if (first === "[") return "json";
  if (first === "{" || ending === "json") return "jsonl";
  if (first === undefined) throw new UserError(`${path} holds no record: only blank lines`);
  throw new UserError(
    `${path} is not a data file that is known here: give JSONL (.jsonl), a JSON array (.json), CSV (.csv) or Parquet (.parquet)`,
  );
}
