import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaTree,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { foreignMessage } from "../files/foreign_error.ts";
import { plainIntegers } from "./plain_integers.ts";

/** Rows that are handed on at a time. */
const BATCH = 1000;

const STRICT_STRINGS = {
  stringFromBytes: (bytes: Uint8Array | undefined) =>
    bytes && new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
};

/** What `parquetRows` yields: first the file's columns, then rows of the wanted ones, in order. */
export interface ParquetPart {
  readonly columns?: readonly string[];
  readonly rows?: readonly Record<string, unknown>[];
}

/**
 * The rows of a Parquet file, read a row group at a time, with integers as `plainIntegers` has them.
 * Only for `readInSandbox`: a damaged file can make hyparquet run for ever or take any amount of
 * memory.
 *
 * @param columns those whose values are read; null: all
 * @throws {Error} if the file is not Parquet, is cut short or holds invalid UTF-8
 */
export async function* parquetRows(
  path: string,
  columns: readonly string[] | null,
): AsyncGenerator<ParquetPart> {
  using handle = await Deno.open(path);
  const file = asBuffer(handle);
  try {
    const metadata = await readMetadata(file);
    const { children } = parquetSchema(metadata);
    const names = children.map((child) => child.element.name);
    yield { columns: names };
    const wanted = names.filter((name) => columns?.includes(name) ?? true);
    const integers = children.filter(holdsBigInts).map((child) => child.element.name)
      .filter((name) => wanted.includes(name));
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      const rows = await readRows(file, metadata, wanted, rowStart, rowEnd);
      for (const row of rows) {
        for (const name of integers) row[name] = plainIntegers(row[name]);
      }
      for (let at = 0; at < rows.length; at += BATCH) yield { rows: rows.slice(at, at + BATCH) };
      rowStart = rowEnd;
    }
  } catch (error) {
    throw new Error(
      `not a readable Parquet file: ${foreignMessage(error)}; download or write it again`,
    );
  }
}

/** Whether hyparquet may give bigints for a column. Others are spared the look at each value. */
function holdsBigInts({ element, children }: SchemaTree): boolean {
  return element.type === "INT64" || element.logical_type?.type === "VARIANT" ||
    children.some(holdsBigInts);
}

/**
 * The file as hyparquet reads it: bounds are checked, and a failed read that hyparquet started but
 * no longer waits for, because another one failed first, does not count as unhandled.
 */
function asBuffer(handle: Deno.FsFile): AsyncBuffer {
  // Not by fstat, for which Deno wants access to what a link points to, too.
  const byteLength = handle.seekSync(0, Deno.SeekMode.End);
  return {
    byteLength,
    slice: (start, end = byteLength) => {
      const bytes = readBytes(handle, byteLength, start, end);
      bytes.catch(() => {});
      return bytes;
    },
  };
}

// deno-lint-ignore require-await -- reads in one go, reports through the promise
async function readBytes(
  handle: Deno.FsFile,
  byteLength: number,
  start: number,
  end: number,
): Promise<ArrayBuffer> {
  if (!(start >= 0 && start <= end && end <= byteLength)) {
    throw new Error(`bytes ${start} to ${end} are wanted of a file of ${byteLength}`);
  }
  const bytes = new Uint8Array(end - start);
  handle.seekSync(start, Deno.SeekMode.Start);
  for (let offset = 0; offset < bytes.length;) {
    const read = handle.readSync(bytes.subarray(offset));
    if (read === null) throw new Error("the file ended while it was read");
    offset += read;
  }
  return bytes.buffer;
}

async function readMetadata(file: AsyncBuffer): Promise<FileMetaData> {
  const metadata = await parquetMetadataAsync(file);
  checkMetadata(metadata, file.byteLength);
  return metadata;
}

/** What hyparquet would find out too late: after it has asked for memory or begun to read. */
function checkMetadata(metadata: FileMetaData, byteLength: number): void {
  const root = parquetSchema(metadata);
  for (const { num_rows, columns } of metadata.row_groups) {
    const rows = Number(num_rows);
    // A row takes a bit at the very least: an index into a dictionary.
    if (!(Number.isSafeInteger(rows) && rows >= 0 && rows <= 8 * byteLength)) {
      throw new Error(`a row group claims ${num_rows} rows in a file of ${byteLength} bytes`);
    }
    for (const { meta_data } of columns) {
      let node: SchemaTree | undefined = root;
      for (const name of meta_data?.path_in_schema ?? [""]) {
        node = node?.children.find(({ element }) => element.name === name);
      }
      if (node === undefined) throw new Error("a column is not part of the schema");
    }
  }
}

async function readRows(
  file: AsyncBuffer,
  metadata: FileMetaData,
  columns: string[],
  rowStart: number,
  rowEnd: number,
): Promise<Record<string, unknown>[]> {
  if (rowEnd === rowStart) return [];
  if (columns.length === 0) return Array.from({ length: rowEnd - rowStart }, () => ({}));
  const parsers = STRICT_STRINGS;
  const options = { file, metadata, columns, compressors, parsers, rowStart, rowEnd };
  const rows = await parquetReadObjects(options);
  if (rows.length === rowEnd - rowStart) return rows;
  throw new Error(`${rows.length} rows where the footer says ${rowEnd - rowStart}`);
}
