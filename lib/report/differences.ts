import { finite } from "../metrics/metric_definition.ts";
import { type MetricName, metricNames, metrics } from "../metrics/metrics.ts";
import { holmAdjusted } from "../statistics/holm.ts";
import { type Contrast, contrasts } from "../study/contrasts.ts";
import type { StudyResults } from "../study/open_study.ts";
import type { Table } from "../study/table.ts";
import { studyTables } from "../study/tables.ts";

/** Metrics that tell methods apart where no true reward is known. */
const COMPARED: readonly MetricName[] = [
  ...["heldOutAccuracy", "heldOutMargin", "heldOutLoss", "heldOutChosenLogp"] as const,
  ...["flippedSelected", "marginAuc", "kl", "length", "truncationRate", "repetitionRate"] as const,
];

/** A method's metric minus the baseline's, over seeds, in words. */
export interface Difference extends Contrast {
  /** Holm's p over the methods of one metric. */
  readonly adjustedP: number;
  /** "+0.020 [-0.010, +0.050] over 3 seeds"; without an interval where all seeds differ by the same. */
  readonly text: string;
  /** What the interval says; the metric's better side decides, where it has one. */
  readonly verdict: string;
}

/** Differences of all methods from the first one, metric by metric, after the last iteration. */
export function differencesOf(
  opened: StudyResults & {
    readonly study: { readonly arms: readonly { readonly id: string }[] };
  },
): Difference[] {
  const [baseline, ...others] = opened.study.arms.map(({ id }) => id);
  if (baseline === undefined) return [];
  return COMPARED.flatMap((metric) => {
    const found = contrasts(opened, metric, others.map((arm) => [arm, baseline] as const));
    const adjusted = holmAdjusted(found.map(({ p }) => p));
    return found.map((each, i): Difference => ({
      ...each,
      adjustedP: adjusted[i] ?? 1,
      text: `${signed(each.mean)}${intervalOf(each)} over ${each.n} seeds`,
      verdict: verdictOf(each, adjusted[i] ?? 1),
    }));
  });
}

/** Why a comparison has no differences. */
export function noDifferences(
  { study, rows, missing }: Pick<StudyResults, "study" | "rows" | "missing">,
): string {
  const [baseline, ...others] = study.arms.map(({ id }) => id);
  if (others.length > 0 && !rows.some((row) => row.arm === baseline)) {
    return `There are no differences: they are from ${baseline}, the first method, and none of its ` +
      "runs came to its end.";
  }
  if (rows.some((row) => row.last) && rows.every((row) => row.heldOutAccuracy === null)) {
    return "No pairs were held out, so there is no accuracy to compare: see --held-out.";
  }
  return missing.length === 0
    ? "Differences need two methods and two seeds."
    : `Differences need two seeds that ${baseline} and another method have.`;
}

function intervalOf({ low, high }: Contrast): string {
  return Number.isNaN(low) ? "" : ` [${signed(low)}, ${signed(high)}]`;
}

function verdictOf({ metric, mean, low, high, n }: Contrast, adjustedP: number): string {
  if (low === 0 && high === 0) return "the same";
  if (Number.isNaN(low)) {
    return `no difference shown: all ${n} seeds differ by exactly ${signed(mean)}`;
  }
  if (!(adjustedP < 0.05)) return "no difference shown";
  const { better } = metrics[metric];
  if (better === undefined) return mean > 0 ? "higher" : "lower";
  return (mean > 0) === (better === "higher") ? "better" : "worse";
}

/** "+0.020", or "-0.020". */
export function signed(value: number): string {
  return (value < 0 ? "-" : "+") + Math.abs(value).toFixed(3);
}

/** The tables of a study, and one of differences. */
export function comparisonTables(
  opened: StudyResults,
  differences: readonly Difference[],
): Readonly<Record<string, Table>> {
  return {
    ...studyTables(opened),
    [`${opened.study.id}_differences`]: {
      columns: [
        ...["metric", "unit", "method", "baseline", "difference", "low", "high", "holm_p", "seeds"],
        "verdict",
      ],
      rows: differences.map((each) => [
        ...[each.metric, metrics[each.metric].unit, each.arm, each.baseline],
        ...[each.mean, finite(each.low), finite(each.high), each.adjustedP, each.n, each.verdict],
      ]),
    },
  };
}

/** Metrics that any row of the last iterations has, of those compared. */
export function comparedMetrics({ rows }: Pick<StudyResults, "rows">): MetricName[] {
  return metricNames.filter((name) =>
    COMPARED.includes(name) && rows.some((row) => row.last && (row[name] ?? null) !== null)
  );
}
