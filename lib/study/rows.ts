import type { Setting } from "../environments/environment.ts";
import { metricNames, type MetricValues } from "../metrics/metrics.ts";
import type { Factors } from "./factors.ts";
import { type WithMatched, withMatchedRows } from "./matched.ts";
import type { CellPlace, PlannedRun } from "./plan.ts";
import type { StudyRecord } from "./record.ts";
import { recordWarnings } from "./warnings.ts";

/** Every metric as null: rows have the same columns, whatever was measured. */
const unmeasured: MetricValues = Object.fromEntries(metricNames.map((name) => [name, null]));

/** Where a row stands in its study. */
export interface RowPlace extends CellPlace {
  /** From 1; 0 is the SFT model. */
  readonly iteration: number;
  /** Whether it is the run's last iteration. */
  readonly last: boolean;
  /** Names of the failures that the run has shown up to this iteration. */
  readonly warnings: readonly string[];
  /** Of a matched arm: the arm that the row was taken from; else null. */
  readonly matchedArm: string | null;
  /** Of a matched arm: the iteration that the row was taken from; else null. */
  readonly matchedIteration: number | null;
}

/**
 * One iteration of one cell's run, flat: place, factors and metrics are columns. These tidy rows are
 * what contrasts, tables and plots are made of; a metric that was not measured is null.
 */
export type StudyRow<S extends Setting = Setting> = RowPlace & Factors<S> & MetricValues;

/**
 * Rows of the cells that have a record, in the order of the plan, iterations in order; those of
 * matched arms after the others of their condition.
 */
export function studyRows<S extends Setting>(
  plan: readonly PlannedRun<S>[],
  records: ReadonlyMap<string, StudyRecord>,
  study: WithMatched = {},
): StudyRow<S>[] {
  const own = plan.flatMap((run) => {
    const record = records.get(run.hash);
    if (record === undefined) return [];
    const { config: _config, module: _module, shared: _shared, factors, ...place } = run;
    const failures = recordWarnings(record);
    const row = (iteration: number, metrics: MetricValues) =>
      ({
        ...unmeasured,
        ...factors,
        ...place,
        iteration,
        last: iteration === record.iterations.length,
        warnings: failures.filter((each) => each.iteration <= iteration)
          .map((each) => each.signature),
        matchedArm: null,
        matchedIteration: null,
        ...metrics,
      }) as StudyRow<S>;
    return [
      row(0, record.sft),
      ...record.iterations.map((metrics, i) =>
        row(i + 1, { ...metrics, ...record.volatile.iterations[i] })
      ),
    ];
  });
  return withMatchedRows(study, own);
}

/**
 * The rows of the seeds that all arms among a condition's rows have: what means are compared side by
 * side on, as seeds differ more than arms do. A condition whose arms share no seed (yet) keeps all its
 * rows.
 */
export function onSharedSeeds<Row extends RowPlace>(rows: readonly Row[]): Row[] {
  return [...Map.groupBy(rows, (row) => row.condition).values()].flatMap((condition) => {
    const shared = sharedSeeds(condition);
    return shared.size === 0 ? condition : condition.filter((row) => shared.has(row.seed));
  });
}

/**
 * The seeds that all arms of one condition have.
 *
 * @param arms ids; default those of the rows, which leaves out an arm that has none
 */
export function sharedSeeds(
  condition: readonly RowPlace[],
  arms: readonly string[] = [...new Set(condition.map((row) => row.arm))],
): ReadonlySet<number> {
  const rows = Map.groupBy(condition, (row) => row.arm);
  const [first = new Set<number>(), ...others] = arms.map((arm) =>
    new Set((rows.get(arm) ?? []).map((row) => row.seed))
  );
  return others.reduce((kept, seeds) => kept.intersection(seeds), first);
}
