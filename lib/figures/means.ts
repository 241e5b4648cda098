/** Means over seeds of tidy rows. */
import { UserError } from "../errors.ts";
import { meanWithInterval } from "../statistics/intervals.ts";
import { type Field, numberOf, valueOf } from "./fields.ts";
import type { Interval } from "./number_text.ts";

/**
 * Groups rows that agree in all fields, in order of first appearance.
 *
 * @throws {UserError} where a group has two rows of one seed (and iteration, where `unit` has it):
 * its mean would mix what no field tells apart
 */
export function groupsOf<Row>(
  plot: string,
  rows: readonly Row[],
  fields: readonly (Field<Row> | undefined)[],
  unit: readonly string[] = ["seed"],
): Row[][] {
  const keyOf = (row: Row) =>
    JSON.stringify(fields.map((field) => field === undefined ? null : valueOf(row, field)));
  const groups = [...Map.groupBy(rows, keyOf).entries()];
  for (const [key, group] of groups) {
    const columns = group as readonly Readonly<Record<string, unknown>>[];
    if (columns.some((row) => row.seed === undefined)) continue;
    const units = columns.map((row) => JSON.stringify(unit.map((name) => row[name])));
    const twice = units.find((each, i) => units.indexOf(each) !== i);
    if (twice === undefined) continue;
    throw new UserError(
      `plot "${plot}": the mean at ${key} has more than one row of ${unit.join(" and ")} ` +
        `${twice}; filter the rows, or tell them apart by facet or series`,
    );
  }
  return groups.map(([, group]) => group);
}

/** A mean and the number of values it rests on. */
export interface PlotMean extends Interval {
  /** Values. */
  readonly n: number;
}

/** Mean of a field with its 95 % t interval; undefined where no row has a finite value. */
export function meanOf<Row>(rows: readonly Row[], field: Field<Row>): PlotMean | undefined {
  const values = rows.map((row) => numberOf(row, field)).filter(Number.isFinite);
  return values.length === 0 ? undefined : meanWithInterval(values);
}

/** "5 seeds, 95 % t intervals", from the numbers of values that means rest on. */
export function seedsText(
  counts: readonly number[],
  kind = "seeds",
  intervals = "95 % t intervals",
): string {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  if (most === 1) return "one seed, no interval";
  return `${least === most ? most : `${least} to ${most}`} ${kind}, ${intervals}`;
}

/** "95 % t intervals", or that skewed differences have others. */
export function intervalsText(
  contrasts: readonly { readonly method?: "t" | "bootstrap-t" }[],
): string {
  const resampled = contrasts.filter(({ method }) => method === "bootstrap-t").length;
  if (resampled === 0) return "95 % t intervals";
  return resampled === contrasts.length
    ? "95 % bootstrap-t intervals"
    : "95 % intervals (t; bootstrap-t where skewed)";
}
