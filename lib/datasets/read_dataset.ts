import { checkLimit, openRecords } from "../data/read_records.ts";
import { type FieldMap, fieldsOf, idField } from "../data/record_fields.ts";
import { templateInput } from "../data/template_input.ts";
import { UserError } from "../errors.ts";
import type { DatasetRow } from "./dataset_row.ts";
import { schemaOf } from "./schemas.ts";

/** A record of a data set and what it is. */
export interface DatasetRecord {
  /** The record's own `id`, or its position counted from 0. */
  readonly id: string;
  /** File and line, for messages. */
  readonly where: string;
  readonly row: DatasetRow;
}

/**
 * Streams the records of a data set in a published schema: memory holds the ids, not the texts.
 *
 * @param path a file or a folder of files
 * @param options.schema a schema's name; "auto" goes by the first record
 * @param options.limit stop after this many records
 * @throws {UserError} naming file, record and field that is not what the schema says
 */
export async function* readDataset(
  path: string,
  options: { readonly schema?: string; readonly limit?: number | undefined } = {},
): AsyncGenerator<DatasetRecord, void> {
  const limit = checkLimit(options.limit);
  const { kind, records } = await openRecords(path);
  const ids = new Map<string, string>();
  let schema: ReturnType<typeof schemaOf> | undefined;
  let position = 0;
  for await (const record of records) {
    const fields: FieldMap = kind === "text"
      ? { text: record.value }
      : fieldsOf(record, "fields of a data set");
    const { where } = record;
    schema ??= schemaOf(options.schema ?? "auto", where, fields);
    const id = idField(where, fields, position++, ids);
    const tools = templateInput(fields);
    const row = tools === undefined
      ? schema.read(where, fields)
      : { kind: "dropped", reason: tools.reason } as const;
    yield { id, where, row };
    if (position >= limit) return;
  }
  if (position === 0) throw new UserError(`${path} holds no record`);
}
