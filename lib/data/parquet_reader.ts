/** The process in which `readParquet` reads: see `readInSandbox`. */
import { serveReader } from "../files/sandbox_reader.ts";
import { parquetRows } from "./parquet_rows.ts";

await serveReader(parquetRows);
