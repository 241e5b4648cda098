import { UserError } from "../errors.ts";
import { isMetricName, type MetricName, metricNames } from "../metrics/metrics.ts";
import { type PairedDifference, pairedDifference } from "../statistics/paired_difference.ts";
import type { Claim } from "./claim.ts";
import type { CellPlace } from "./plan.ts";
import type { RowPlace, StudyRow } from "./rows.ts";

/** An arm and what it is compared with. */
export type ArmPair = readonly [arm: string, baseline: string];

/** What is compared, beside metric and arms. */
export interface ContrastOptions {
  /** Iteration of the arm, from 1; default: the last. */
  readonly iteration?: number;
  /** Iteration of the baseline; default: the arm's. */
  readonly baselineIteration?: number;
  /** Compare logarithms: the difference is that of ln(metric), and exp of it a ratio. */
  readonly log?: boolean;
}

/**
 * A metric of an arm minus that of a baseline in one condition, paired by seed. The condition's and
 * the arm's other columns (factors) come along, from the arm's first row.
 */
export interface Contrast<Row extends StudyRow = StudyRow>
  extends PairedDifference, Omit<CellPlace, "seed" | "hash"> {
  /** Id of the arm that it is compared with. */
  readonly baseline: string;
  /** The baseline's label. */
  readonly baselineLabel: string;
  /** "SeRA - DPO". */
  readonly label: string;
  /** What is compared. */
  readonly metric: MetricName;
  /** Each seed's difference, in the order of the rows. */
  readonly pairs: readonly { readonly seed: number; readonly difference: number }[];
  /** Share of the seeds with both arms whose run of the arm has shown a collapse. */
  readonly collapsed: number;
  /** The same of the baseline. */
  readonly baselineCollapsed: number;
  /** Id of the study's claim that this is, on its seeds; null: exploratory. */
  readonly claim: string | null;
  /** The arm's row of the first seed: its factors, for facets. */
  readonly row: Row;
}

/** Rows, or a study that was opened: its arms are known, even those without rows, and its claims. */
export type RowSource<Row extends StudyRow = StudyRow> = readonly Row[] | {
  readonly rows: readonly Row[];
  readonly study: {
    readonly arms: readonly { readonly id: string }[];
    readonly matched?: readonly { readonly id: string }[];
    readonly claims?: readonly Claim[];
    readonly firstSeed?: number;
  };
};

/**
 * Paired differences, with 95 % intervals, of every condition that has at least two seeds of both
 * arms. Verdicts, tables and figures all use this one function. A contrast that is no claim of an
 * opened study is exploratory: it has an interval, and no verdict.
 *
 * @throws {UserError} for an unknown metric, or an arm that neither a row nor the study has
 */
export function contrasts<Row extends StudyRow>(
  source: RowSource<Row>,
  metric: MetricName,
  arms: readonly ArmPair[],
  options: ContrastOptions = {},
): Contrast<Row>[] {
  if (!isMetricName(metric)) {
    throw new UserError(`no metric is called "${metric}"; there are ${metricNames.join(", ")}`);
  }
  const rows = "study" in source ? source.rows : source;
  const known = new Set(
    "study" in source
      ? [...source.study.arms, ...source.study.matched ?? []].map((arm) => arm.id)
      : rows.map((row) => row.arm),
  );
  const unknown = known.size > 0 && arms.flat().find((arm) => !known.has(arm));
  if (unknown) {
    throw new UserError(`no row has the arm "${unknown}"; there are ${[...known].join(", ")}`);
  }
  const conditions = Map.groupBy(rows, (row) => row.condition);
  return [...conditions.values()].flatMap((condition) =>
    arms.flatMap(([arm, baseline]) => {
      const ours = compared(condition, arm, options.iteration);
      const theirs = compared(
        condition,
        baseline,
        options.baselineIteration ?? options.iteration,
      );
      const both = ours.flatMap((row) => {
        const other = theirs.find((each) => each.seed === row.seed);
        return other === undefined ? [] : [[row, other] as const];
      });
      const collapsed = (side: 0 | 1) =>
        both.filter((rows) => rows[side].warnings.includes("collapse")).length / both.length;
      const pairs = both.flatMap(([row, other]) => {
        const [a, b] = [valueOf(row, metric, options), valueOf(other, metric, options)];
        return Number.isFinite(a) && Number.isFinite(b)
          ? [{ seed: row.seed, difference: a - b }]
          : [];
      });
      const [row, other] = [ours[0], theirs[0]];
      if (pairs.length < 2 || row === undefined || other === undefined) return [];
      const differences = pairs.map((pair) => pair.difference);
      const { study, conditionLabel, armLabel } = row;
      return [{
        ...{ study, condition: row.condition, conditionLabel, arm, armLabel, baseline },
        baselineLabel: other.armLabel,
        label: `${armLabel} \u2212 ${other.armLabel}`,
        ...{ metric, pairs, row },
        ...{ collapsed: collapsed(0), baselineCollapsed: collapsed(1) },
        claim: claimOf(source, { metric, condition: row.condition, arm, baseline }, options, pairs),
        ...pairedDifference(differences, differences.map(() => 0)),
      }];
    })
  );
}

function compared<Row extends RowPlace>(
  rows: readonly Row[],
  arm: string,
  iteration: number | undefined,
): Row[] {
  return rows.filter((row) =>
    row.arm === arm && (iteration === undefined ? row.last : row.iteration === iteration)
  );
}

function claimOf(
  source: RowSource,
  place: Pick<Claim, "metric" | "condition" | "arm" | "baseline">,
  { iteration, baselineIteration = iteration, log = false }: ContrastOptions,
  pairs: readonly { readonly seed: number }[],
): string | null {
  if (!("study" in source)) return null;
  const { claims = [], firstSeed = 0 } = source.study;
  const found = claims.find((claim) =>
    claim.metric === place.metric && claim.condition === place.condition &&
    claim.arm === place.arm && claim.baseline === place.baseline &&
    claim.iteration === iteration && (claim.log ?? false) === log &&
    (claim.baselineIteration ?? claim.iteration) === baselineIteration
  );
  return found !== undefined && pairs.every(({ seed }) => seed >= firstSeed) ? found.id : null;
}

function valueOf(
  row: StudyRow,
  metric: MetricName,
  { log = false }: ContrastOptions,
): number {
  const value = row[metric] ?? NaN;
  return log ? Math.log(value) : value;
}
