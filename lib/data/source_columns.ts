import { openRecords } from "./read_records.ts";
import { fieldsOf, PREFERENCE_COLUMNS } from "./record_fields.ts";

/** A field's value as JSON holds it. */
export type ColumnValue =
  | null
  | boolean
  | number
  | string
  | readonly ColumnValue[]
  | { readonly [key: string]: ColumnValue };

/** The fields of a record beside the preference: annotator, source, scores, ... */
export type SourceColumns = Readonly<Record<string, ColumnValue>>;

/**
 * Reads a file of preference pairs again for the columns of some pairs beside the preference, so
 * that whoever looks at a pair sees where it came from.
 *
 * @param ids of the pairs wanted, as `readPreferences` gives them
 * @throws {UserError} as `readPreferences`
 */
export async function readSourceColumns(
  path: string,
  ids: ReadonlySet<string>,
): Promise<Map<string, SourceColumns>> {
  const found = new Map<string, SourceColumns>();
  let position = 0;
  for await (const record of (await openRecords(path)).records) {
    if (found.size === ids.size) break;
    const fields = fieldsOf(record, '"chosen" and "rejected"');
    const id = String(fields["id"] ?? position);
    position++;
    if (!ids.has(id)) continue;
    const others = Object.entries(fields).filter(([name]) => !PREFERENCE_COLUMNS.includes(name));
    found.set(id, Object.fromEntries(others.map(([name, value]) => [name, plain(value)])));
  }
  return found;
}

/** A value of a data file as JSON holds it: Parquet knows dates and bytes too. */
function plain(value: unknown): ColumnValue {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (value instanceof Date) return value.toISOString();
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
  }
  return null;
}
