import { type Claim, type ClaimResult, judgeClaims } from "../evaluation/claim.ts";
import { meanWithInterval } from "../evaluation/intervals.ts";
import { type MetricName, metricText, studyMetrics } from "./study_metrics.ts";
import { isMetricName, metricOf, type StudyRow } from "./study_rows.ts";

/** A table: strings and numbers, ready for CSV or Markdown. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}

/** Metrics that two runs of one spec share. */
export const steadyMetrics = metricNames(false);
/** Metrics of time, which differ between runs of one spec. */
export const volatileMetrics = metricNames(true);

/**
 * Mean, 95 % t interval and number of seeds of each metric, a line for each condition, arm,
 * iteration and metric.
 */
export function summaryTable(rows: readonly StudyRow[], metrics: readonly MetricName[]): Table {
  const groups = new Map<string, StudyRow[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.condition, row.arm, row.iteration]);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return {
    columns: ["condition", "arm", "iteration", "metric", "unit", "mean", "low", "high", "seeds"],
    rows: [...groups.values()].flatMap((group) => {
      const { condition, arm, iteration } = group[0] as StudyRow;
      return metrics.flatMap((metric) => {
        const values = group.map((row) => metricOf(row, metric)).filter(Number.isFinite);
        if (values.length === 0) return [];
        const { mean, low, high, n } = meanWithInterval(values);
        const unit = metricText(metric).unit;
        return [[condition, arm, iteration, metric, unit, mean, finite(low), finite(high), n]];
      });
    }),
  };
}

/** The verdict on each claim, by the rows of its study. */
export function verdicts(claims: readonly Claim[], rows: readonly StudyRow[]): ClaimResult[] {
  return judgeClaims(claims.map((claim) => {
    if (!isMetricName(claim.metric)) {
      throw new RangeError(`claim ${claim.id} names no metric: ${claim.metric}`);
    }
    const metric = claim.metric;
    const valuesOf = (arm: string, iteration: number | undefined) =>
      new Map(
        rows.filter((row) =>
          row.condition === claim.condition && row.arm === arm &&
          (iteration === undefined ? row.last : row.iteration === iteration)
        ).map((row) => [row.seed, metricOf(row, metric)]),
      );
    const ours = valuesOf(claim.arm, claim.iteration);
    const theirs = valuesOf(claim.baseline, claim.baselineIteration ?? claim.iteration);
    const seeds = [...ours.keys()].filter((seed) => theirs.has(seed));
    return {
      claim,
      armValues: seeds.map((seed) => ours.get(seed) as number),
      baselineValues: seeds.map((seed) => theirs.get(seed) as number),
    };
  }));
}

/** Verdicts as a table. */
export function verdictTable(results: readonly ClaimResult[]): Table {
  return {
    columns: [
      "claim",
      "verdict",
      "metric",
      "condition",
      "arm",
      "baseline",
      "claimed",
      "difference",
      "low",
      "high",
      "holm_p",
      "seeds",
      "smallest_effect",
      "text",
      "paper",
    ],
    rows: results.map(({ claim, verdict, difference, adjustedP }) => [
      claim.id,
      verdict,
      claim.metric,
      claim.condition,
      claim.arm,
      claim.baseline,
      claim.direction,
      finite(difference?.mean),
      finite(difference?.low),
      finite(difference?.high),
      adjustedP,
      difference?.n ?? 0,
      claim.smallestEffect,
      claim.text,
      claim.paper,
    ]),
  };
}

/** Comma-separated values; numbers with six significant digits, null as an empty field. */
export function tableCsv({ columns, rows }: Table): string {
  const field = (value: string | number | null) => {
    const text = value === null ? "" : typeof value === "number" ? digits(value, 6) : value;
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows].map((row) => row.map(field).join(",") + "\n").join("");
}

/** A Markdown table; numbers with three significant digits. */
export function tableMarkdown({ columns, rows }: Table): string {
  const cell = (value: string | number | null) =>
    value === null
      ? ""
      : typeof value === "number"
      ? digits(value, 3)
      : value.replaceAll("|", "\\|").replaceAll("\n", " ");
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  return line(columns) + line(columns.map(() => "---")) +
    rows.map((row) => line(row.map(cell))).join("");
}

/** Shortest decimal with so many significant digits, without an exponent for ordinary sizes. */
function digits(value: number, count: number): string {
  return String(Number(value.toPrecision(count)));
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

function metricNames(volatile: boolean): MetricName[] {
  return (Object.keys(studyMetrics) as MetricName[])
    .filter((name) => (metricText(name).volatile === true) === volatile);
}
