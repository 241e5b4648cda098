/** How plots read tidy rows: by column name or function. */

/** A column's name, or a function of the row. */
export type Field<Row, Value = unknown> = (keyof Row & string) | ((row: Row) => Value);

/** The row's value. */
export function valueOf<Row>(row: Row, field: Field<Row>): unknown {
  return typeof field === "function" ? field(row) : row[field];
}

/** The row's value where it is a finite number; NaN else. */
export function numberOf<Row>(row: Row, field: Field<Row>): number {
  const value = valueOf(row, field);
  return typeof value === "number" && Number.isFinite(value) ? value : NaN;
}

/** The row's value for readers: text as it is, other values of a column behind its name. */
export function labelOf<Row>(row: Row, field: Field<Row> | undefined): string {
  if (field === undefined) return "";
  const value = valueOf(row, field);
  return typeof value === "string" || typeof field === "function"
    ? String(value)
    : `${field} ${String(value)}`;
}

/** Title of an axis that was given none: the column's name. */
export function titleOf(title: string | undefined, field: unknown, otherwise: string): string {
  return title ?? (typeof field === "string" ? field : otherwise);
}

/** Distinct values in order of first appearance. */
export function distinct<Value>(values: readonly Value[]): Value[] {
  return [...new Set(values)];
}
