import { readInSandbox } from "../files/sandbox.ts";
import type { ParquetPart } from "./parquet_rows.ts";
import type { SourceRecord } from "./source_record.ts";

/**
 * The records of a Parquet file, a row group at a time. Only `columns` are read (undefined: all);
 * the file's other columns are keys whose value is undefined, so that they can still be counted.
 *
 * @throws {UserError} naming the file if it is not Parquet, is cut short, holds invalid UTF-8 or
 * takes more time or memory than a file of its size may
 */
export async function* readParquet(
  path: string,
  columns?: readonly string[],
): AsyncGenerator<SourceRecord> {
  const reader = new URL("./parquet_reader.ts", import.meta.url);
  let others: Record<string, undefined> = {};
  let line = 0;
  for await (const part of readInSandbox(reader, path, columns ?? null)) {
    const { columns: names, rows } = part as ParquetPart;
    if (names !== undefined && columns !== undefined) {
      others = Object.fromEntries(
        names.filter((name) => !columns.includes(name)).map((name) => [name, undefined]),
      );
    }
    for (const row of rows ?? []) {
      line++;
      yield { line, where: `${path}: record ${line}`, value: { ...row, ...others } };
    }
  }
}
