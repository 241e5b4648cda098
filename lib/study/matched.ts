import type { MetricName, MetricValues } from "../metrics/metrics.ts";

/**
 * A control without runs of its own: in each condition and seed, the iteration of another arm that
 * comes nearest to an arm in one metric. "DPO at SeRA's KL" is taken from DPO's own path.
 */
export interface MatchedArm {
  /** Short and stable: rows and claims name it as they name an arm. */
  readonly id: string;
  /** For tables and legends. */
  readonly label: string;
  /** The arm whose last iteration is matched, by id. */
  readonly to: string;
  /** The arms whose iterations, from 1, are candidates, by id. Of equally near ones the first. */
  readonly among: readonly string[];
  /** What is matched. */
  readonly by: MetricName;
}

/** What of a study says which arms are matched. */
export interface WithMatched {
  readonly matched?: readonly MatchedArm[];
}

/** The arms that are run for these arms' rows: a matched arm stands for all that it looks at. */
export function cellArms({ matched = [] }: WithMatched, ...arms: readonly string[]): string[] {
  const run = arms.flatMap((id) => {
    const found = matched.find((each) => each.id === id);
    return found === undefined ? [id] : [found.to, ...found.among];
  });
  return [...new Set(run)];
}

/** What is read of a row, and written in a matched arm's. */
export type MatchableRow = MetricValues & {
  readonly condition: string;
  readonly arm: string;
  readonly armLabel: string;
  readonly seed: number;
  readonly iteration: number;
  readonly last: boolean;
  readonly matchedArm: string | null;
  readonly matchedIteration: number | null;
};

/**
 * Rows with those of the matched arms, after the others of each condition. A matched arm has one row
 * a seed: a copy of the nearest candidate's, at the iteration it is matched to. It has none where one
 * of the arms that it looks at has no run of that seed (the nearest of half a path matches nothing),
 * or where the arm or every candidate lacks the metric.
 */
export function withMatchedRows<Row extends MatchableRow>(
  { matched = [] }: WithMatched,
  rows: readonly Row[],
): Row[] {
  return [...Map.groupBy(rows, (row) => row.condition).values()].flatMap((condition) => [
    ...condition,
    ...matched.flatMap((arm) => rowsOf(arm, condition)),
  ]);
}

function rowsOf<Row extends MatchableRow>(
  { id, label, to, among, by }: MatchedArm,
  condition: readonly Row[],
): Row[] {
  const valueOf = (row: Row): number => row[by] ?? NaN;
  const paths = among.map((arm) => condition.filter((row) => row.arm === arm && row.iteration > 0));
  return condition.filter((row) => row.arm === to && row.last).flatMap((target) => {
    const distance = (row: Row) => Math.abs(valueOf(row) - valueOf(target));
    const own = paths.map((path) => path.filter((row) => row.seed === target.seed));
    if (own.some((path) => path.length === 0)) return [];
    const [first, ...others] = own.flat().filter((row) => Number.isFinite(valueOf(row)));
    if (first === undefined || !Number.isFinite(valueOf(target))) return [];
    const nearest = others.reduce(
      (best, row) => distance(row) < distance(best) ? row : best,
      first,
    );
    return [{
      ...nearest,
      ...{ arm: id, armLabel: label, iteration: target.iteration, last: true },
      ...{ matchedArm: nearest.arm, matchedIteration: nearest.iteration },
    }];
  });
}
