import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { messageOf, UserError } from "../errors.ts";
import type { SourceRecord } from "./source_record.ts";

const STRICT_STRINGS = {
  stringFromBytes: (bytes: Uint8Array | undefined) =>
    bytes && new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
};

/**
 * The records of a Parquet file, a row group at a time. Only `columns` are read; the file's other
 * columns are keys whose value is undefined, so that they can still be counted.
 *
 * @throws {UserError} naming the file if it is not Parquet, is cut short or holds invalid UTF-8
 */
export async function* readParquet(
  path: string,
  columns: readonly string[],
): AsyncGenerator<SourceRecord> {
  const { file, metadata } = await open(path);
  const names = parquetSchema(metadata).children.map((child) => child.element.name);
  const wanted = names.filter((name) => columns.includes(name));
  const others = Object.fromEntries(
    names.filter((name) => !columns.includes(name)).map((name) => [name, undefined]),
  );
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const rows = await readRows(path, file, metadata, wanted, rowStart, rowEnd);
    for (const [index, row] of rows.entries()) {
      const line = rowStart + index + 1;
      yield { line, where: `${path}: record ${line}`, value: { ...row, ...others } };
    }
    rowStart = rowEnd;
  }
}

async function open(path: string): Promise<{ file: AsyncBuffer; metadata: FileMetaData }> {
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    if (!metadata.row_groups.every((group) => Number.isSafeInteger(Number(group.num_rows)))) {
      throw new Error("a row group has no row count");
    }
    return { file, metadata };
  } catch (error) {
    throw invalid(path, error);
  }
}

async function readRows(
  path: string,
  file: AsyncBuffer,
  metadata: FileMetaData,
  columns: string[],
  rowStart: number,
  rowEnd: number,
): Promise<Record<string, unknown>[]> {
  if (rowEnd === rowStart) return [];
  if (columns.length === 0) return Array.from({ length: rowEnd - rowStart }, () => ({}));
  try {
    const parsers = STRICT_STRINGS;
    const options = { file, metadata, columns, compressors, parsers, rowStart, rowEnd };
    const rows = await parquetReadObjects(options);
    if (rows.length !== rowEnd - rowStart) {
      throw new Error(`${rows.length} rows where the footer says ${rowEnd - rowStart}`);
    }
    return rows;
  } catch (error) {
    throw invalid(path, error);
  }
}

function invalid(path: string, error: unknown): UserError {
  return new UserError(
    `${path}: not a readable Parquet file: ${messageOf(error)}; download or write it again`,
  );
}
