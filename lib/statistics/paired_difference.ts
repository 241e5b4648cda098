import { mean, sampleSkewness, sampleStandardDeviation } from "simple-statistics";
import { bootstrapT } from "./bootstrap_t.ts";
import type { Estimate } from "./intervals.ts";
import { tQuantile, tUpperP } from "./student_t.ts";

/** Where interval and p-value come from: Student's t, or the studentised bootstrap. */
export type PairedMethod = "t" | "bootstrap-t";

/**
 * A paired difference with its 95 % interval and two-sided p-value. Differences that are equal up to
 * rounding, and not 0, have no spread to test them by: as with a single one, the interval is NaN.
 */
export interface PairedDifference extends Estimate {
  /** Two-sided p-value of the paired test; 1 where it cannot be computed. */
  readonly p: number;
  /** What interval and p-value come from. */
  readonly method: PairedMethod;
}

/** Differences are skewed, for one seed that collapsed among others, beyond this sample skewness. */
export const SKEWED = 1;

/** Fewer differences than this are too few to resample. */
export const RESAMPLED = 8;

/** A spread below this share of the largest difference is rounding. */
const ROUNDING = 1e-9;

/**
 * Mean of `values[i] - baseline[i]` with a 95 % interval: what seeds paired across arms give.
 * Interval and p-value are those of the paired t test, or of the studentised bootstrap where at
 * least 8 differences have a sample skewness beyond +-1. Both give 0 outside the interval where
 * p < 0.05. Equal differences give p = 1 and no interval: on a metric of few steps, such as accuracy
 * on a few pairs, two or three seeds agree by chance.
 *
 * @throws RangeError for unequal lengths or no values
 */
export function pairedDifference(
  values: readonly number[],
  baseline: readonly number[],
): PairedDifference {
  if (values.length !== baseline.length) {
    throw new RangeError(`paired values differ in number: ${values.length}, ${baseline.length}`);
  }
  const test = studentised(values.map((value, i) => value - (baseline[i] as number)));
  const { center, sd, n, se, method } = test;
  const at = test.statistic(0);
  return {
    ...{ mean: center, sd, n, method },
    low: center - test.quantile(0.975) * se,
    high: center - test.quantile(0.025) * se,
    p: Math.min(1, 2 * Math.min(test.upper(at), test.lower(at))),
  };
}

/**
 * p-value of two one-sided tests (Schuirmann 1987) that the mean lies between -bound and bound: the
 * larger of the two. Below 0.05, differences beyond the bound are ruled out. The tests are those of
 * `pairedDifference`; 1 with a single difference, or with equal ones that are not 0.
 *
 * @throws RangeError for no differences, or a bound that is not above 0
 */
export function equivalenceP(differences: readonly number[], bound: number): number {
  if (!(bound > 0)) throw new RangeError(`the bound of an equivalence is above 0, got ${bound}`);
  const test = studentised(differences);
  return Math.max(
    test.upper(test.statistic(-bound)),
    test.lower(test.statistic(bound)),
  );
}

/** A mean's studentised distribution under its own hypothesis. */
interface Studentised {
  readonly center: number;
  readonly sd: number;
  readonly n: number;
  /** Standard error of the mean. */
  readonly se: number;
  readonly method: PairedMethod;
  /** (mean - value) / se; NaN where it is 0 / 0. */
  statistic(value: number): number;
  quantile(p: number): number;
  /** Chance of a statistic at least as large; 1 for NaN. */
  upper(statistic: number): number;
  /** Chance of one at most as large; 1 for NaN. */
  lower(statistic: number): number;
}

function studentised(differences: readonly number[]): Studentised {
  const n = differences.length;
  if (n === 0) throw new RangeError("a paired difference needs at least one pair");
  const values = [...differences];
  const center = mean(values);
  const sd = n === 1 ? NaN : sampleStandardDeviation(values);
  const se = sd / Math.sqrt(n);
  const shared = { center, sd, n, se, statistic: (value: number) => (center - value) / se };
  const largest = Math.max(...values.map(Math.abs));
  const untested = n === 1 || (largest > 0 && sd <= ROUNDING * largest);
  if (untested) {
    return { ...shared, method: "t", quantile: () => NaN, upper: () => 1, lower: () => 1 };
  }
  const skewed = n >= RESAMPLED && sd > 0 && Math.abs(sampleSkewness(values)) > SKEWED;
  const resampled = skewed ? bootstrapT(values) : undefined;
  if (resampled !== undefined) return { ...shared, ...resampled, method: "bootstrap-t" };
  return {
    ...shared,
    method: "t",
    quantile: (p) => tQuantile(p, n - 1),
    upper: (statistic) => tUpperP(statistic, n - 1),
    lower: (statistic) => tUpperP(-statistic, n - 1),
  };
}
