/** Rows of a study to the tidy rows of figures: means over seeds with their 95 % t intervals. */
import type {
  CurveRow,
  FrontierRow,
  HeatRow,
  IntervalRow,
  PhaseRow,
} from "../../lib/figures/mod.ts";
import {
  type Estimate,
  meanWithInterval,
  pairedDifference,
} from "../../lib/evaluation/intervals.ts";
import type { MetricName } from "../../lib/results/study_metrics.ts";
import { metricOf, type StudyRow } from "../../lib/results/study_rows.ts";

/** One value a seed, averaged. */
export type RowText = (row: StudyRow) => string;

/** Rows after the last iteration. */
export function lastRows(rows: readonly StudyRow[]): StudyRow[] {
  return rows.filter((row) => row.last);
}

/** Groups rows in order of first appearance. */
export function groupRows(
  rows: readonly StudyRow[],
  key: (row: StudyRow) => unknown,
): StudyRow[][] {
  const groups = new Map<string, StudyRow[]>();
  for (const row of rows) {
    const name = JSON.stringify(key(row));
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  return [...groups.values()];
}

/** Mean over the seeds that have the metric; undefined where none has. */
export function estimateOf(
  rows: readonly StudyRow[],
  metric: MetricName,
): Estimate | undefined {
  const values = rows.map((row) => metricOf(row, metric)).filter(Number.isFinite);
  return values.length === 0 ? undefined : meanWithInterval(values);
}

/** The ends of an interval where there is one. */
function ends({ low, high }: Estimate): { low: number; high: number } | Record<never, never> {
  return Number.isFinite(low) ? { low, high } : {};
}

/** Curves of a metric over `x`, one an arm (named by `arm`), one panel for each value of `panel`. */
export function curvePoints(
  rows: readonly StudyRow[],
  metric: MetricName,
  { x, arm = (row) => row.armLabel, panel }: {
    x: (row: StudyRow) => number;
    arm?: RowText;
    panel?: RowText;
  },
): CurveRow[] {
  return groupRows(rows, (row) => [arm(row), x(row), panel?.(row)]).flatMap((group) => {
    const estimate = estimateOf(group, metric);
    if (estimate === undefined) return [];
    const row = group[0] as StudyRow;
    return [{
      arm: arm(row),
      x: x(row),
      y: estimate.mean,
      ...ends(estimate),
      ...(panel === undefined ? {} : { panel: panel(row) }),
    }];
  });
}

/** Gold reward and KL after the last iteration. Without an interval (one seed) its ends are the mean. */
export function frontierPoints(rows: readonly StudyRow[], panel?: RowText): FrontierRow[] {
  return groupRows(lastRows(rows), (row) => [row.armLabel, row.condition]).flatMap((group) => {
    const gold = estimateOf(group, "gold");
    const kl = estimateOf(group, "kl");
    if (gold === undefined || kl === undefined) return [];
    const row = group[0] as StudyRow;
    return [{
      arm: row.armLabel,
      kl: kl.mean,
      ...(Number.isFinite(kl.low) ? { klLow: kl.low, klHigh: kl.high } : {}),
      gold: gold.mean,
      goldLow: Number.isFinite(gold.low) ? gold.low : gold.mean,
      goldHigh: Number.isFinite(gold.high) ? gold.high : gold.mean,
      ...(panel === undefined ? {} : { panel: panel(row) }),
    }];
  });
}

/** Two arms of one condition, compared by seed. */
export interface Contrast {
  readonly arm: string;
  readonly baseline: string;
}

/** Paired differences after the last iteration, a row for each contrast and condition with 2 seeds. */
export function contrastPoints(
  rows: readonly StudyRow[],
  metric: MetricName,
  contrasts: readonly Contrast[],
  text: { label: (row: StudyRow, contrast: Contrast) => string; panel?: RowText },
): IntervalRow[] {
  return groupRows(lastRows(rows), (row) => row.condition).flatMap((condition) =>
    contrasts.flatMap((contrast) => {
      const ours = condition.filter((row) => row.arm === contrast.arm);
      const pairs = ours.flatMap((row) => {
        const other = condition.find((each) =>
          each.arm === contrast.baseline && each.seed === row.seed
        );
        const values = other && [metricOf(row, metric), metricOf(other, metric)];
        return values?.every(Number.isFinite) ? [values as [number, number]] : [];
      });
      if (pairs.length < 2) return [];
      const { mean, low, high } = pairedDifference(
        pairs.map(([value]) => value),
        pairs.map(([, value]) => value),
      );
      const row = ours[0] as StudyRow;
      return [{
        label: text.label(row, contrast),
        difference: mean,
        low,
        high,
        seeds: pairs.length,
        ...(text.panel === undefined ? {} : { panel: text.panel(row) }),
      }];
    })
  );
}

/** Cells of a heat map, with the half-width of the interval as a note. */
export function heatPoints(
  rows: readonly StudyRow[],
  metric: MetricName,
  { x, y, panel, digits = 2 }: {
    x: (row: StudyRow) => string | number;
    y: (row: StudyRow) => string;
    panel?: RowText;
    /** Decimals of the note. */
    digits?: number;
  },
): HeatRow[] {
  return groupRows(rows, (row) => [x(row), y(row), panel?.(row)]).flatMap((group) => {
    const estimate = estimateOf(group, metric);
    if (estimate === undefined) return [];
    const row = group[0] as StudyRow;
    const half = (estimate.high - estimate.low) / 2;
    return [{
      x: x(row),
      y: y(row),
      value: estimate.mean,
      ...(Number.isFinite(half) ? { note: `\u00b1${half.toFixed(digits)}` } : {}),
      ...(panel === undefined ? {} : { panel: panel(row) }),
    }];
  });
}

const PHASES = [
  ["update", "updateSeconds"],
  ["scoring", "scoringSeconds"],
  ["generation", "generationSeconds"],
] as const;

/** Seconds an iteration by phase, mean over the iterations from the second on and over seeds. */
export function phasePoints(rows: readonly StudyRow[], panel?: RowText): PhaseRow[] {
  const timed = rows.filter((row) => row.iteration >= 2);
  return groupRows(timed, (row) => [row.armLabel, row.condition]).flatMap((group) =>
    PHASES.flatMap(([phase, metric]) => {
      const estimate = estimateOf(group, metric);
      const row = group[0] as StudyRow;
      return estimate === undefined ? [] : [{
        arm: row.armLabel,
        phase,
        seconds: estimate.mean,
        ...(panel === undefined ? {} : { panel: panel(row) }),
      }];
    })
  );
}

/** "5 paired seeds, 95 % t intervals": what stands under the title of a figure of means. */
export function seedsText(rows: readonly StudyRow[]): string {
  return countsText(
    groupRows(lastRows(rows), (row) => [row.arm, row.condition]).map((group) => group.length),
  );
}

/** The same for a figure of paired differences. */
export function pairsText(points: readonly IntervalRow[]): string {
  return countsText(points.map((point) => point.seeds ?? 0));
}

function countsText(counts: readonly number[]): string {
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const seeds = least === most ? `${most}` : `${least} to ${most}`;
  return `${seeds} paired ${most === 1 ? "seed, no interval" : "seeds, 95 % t intervals"}`;
}
