import { lengthControlledWinRate } from "../evaluation/length_controlled.ts";
import { winRate } from "../evaluation/win_rate.ts";
import { type MetricName, type MetricValues, studyMetrics } from "./study_metrics.ts";
import type { StudyRecord } from "./study_record.ts";
import { studyWarnings } from "./study_warnings.ts";

/** One cell of a study at one seed, and the record that fills it. */
export interface StudyCell {
  readonly study: string;
  readonly arm: string;
  readonly armLabel: string;
  readonly condition: string;
  readonly conditionLabel: string;
  /** The values of the condition, for axes. */
  readonly conditionValues: Readonly<Record<string, number | string>>;
  readonly seed: number;
  readonly hash: string;
}

/** One iteration of one cell's run: the tidy rows that tables, figures and verdicts are made of. */
export interface StudyRow extends StudyCell {
  /** From 1; 0 is the SFT model. */
  readonly iteration: number;
  readonly last: boolean;
  readonly metrics: MetricValues;
  /** Names of the failures the run has shown up to this iteration. */
  readonly warnings: readonly string[];
}

/** Rows of the cells that have a record, in the order of the plan, iterations in order. */
export function studyRows(
  plan: readonly StudyCell[],
  records: ReadonlyMap<string, StudyRecord>,
): StudyRow[] {
  return plan.flatMap((planned) => {
    const record = records.get(planned.hash);
    if (record === undefined) return [];
    const { study, arm, armLabel, condition, conditionLabel, conditionValues, seed, hash } =
      planned;
    const cell = { study, arm, armLabel, condition, conditionLabel, conditionValues, seed, hash };
    const warnings = studyWarnings(record);
    const sft: StudyRow = { ...cell, iteration: 0, last: false, metrics: record.sft, warnings: [] };
    return [
      sft,
      ...record.iterations.map((metrics, index): StudyRow => ({
        ...cell,
        iteration: index + 1,
        last: index === record.iterations.length - 1,
        metrics: { ...metrics, ...record.volatile.iterations[index] },
        warnings: warnings.filter((each) => each.iteration <= index + 1)
          .map((each) => each.signature),
      })),
    ];
  });
}

/**
 * The rows of the seeds that all arms of a condition have: what arms are compared side by side on,
 * as seeds differ more than arms do. A condition whose arms share no seed (yet) keeps all its rows.
 */
export function onSharedSeeds(rows: readonly StudyRow[]): StudyRow[] {
  return [...Map.groupBy(rows, (row) => row.condition).values()].flatMap((condition) => {
    const arms = [...Map.groupBy(condition, (row) => row.arm).values()]
      .map((arm) => new Set(arm.map((row) => row.seed)));
    const shared = arms.reduce((kept, seeds) => kept.intersection(seeds));
    return shared.size === 0 ? condition : condition.filter((row) => shared.has(row.seed));
  });
}

/** A metric's value in a row; NaN where the row has none. */
export function metricOf(row: StudyRow, metric: MetricName): number {
  return row.metrics[metric] ?? NaN;
}

/** Whether a name is a metric's. */
export function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(studyMetrics, name);
}

/** Win rates of a cell's last samples against the same seed's run of a baseline arm. */
export interface HeadToHead {
  readonly condition: string;
  readonly arm: string;
  readonly baseline: string;
  readonly seed: number;
  /** By gold reward, ties half. */
  readonly winRate: number;
  readonly lengthControlledWinRate: number;
}

/** Every arm against a baseline arm of its condition and seed, over the same held-out prompts. */
export function headToHead(
  plan: readonly StudyCell[],
  records: ReadonlyMap<string, StudyRecord>,
  baseline: string,
): HeadToHead[] {
  return plan.flatMap((cell) => {
    if (cell.arm === baseline) return [];
    const other = plan.find((each) =>
      each.arm === baseline && each.condition === cell.condition && each.seed === cell.seed
    );
    const ours = records.get(cell.hash)?.samples;
    const theirs = other && records.get(other.hash)?.samples;
    if (ours === undefined || theirs === undefined) return [];
    return [{
      condition: cell.condition,
      arm: cell.arm,
      baseline,
      seed: cell.seed,
      winRate: winRate(ours.gold, theirs.gold),
      lengthControlledWinRate: lengthControlledWinRate(
        { rewards: ours.gold, lengths: ours.lengths },
        { rewards: theirs.gold, lengths: theirs.lengths },
      ),
    }];
  });
}
