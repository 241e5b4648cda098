import { mean, sampleStandardDeviation } from "simple-statistics";
import { tQuantile, tTwoSidedP } from "./student_t.ts";

/** An estimate with its 95 % interval. `low` and `high` are NaN with a single value. */
export interface Estimate {
  /** Sample mean. */
  readonly mean: number;
  /** Lower end. */
  readonly low: number;
  /** Upper end. */
  readonly high: number;
  /** Sample standard deviation (n - 1); NaN with a single value. */
  readonly sd: number;
  /** How many values. */
  readonly n: number;
}

/** A paired difference with its 95 % interval and two-sided p-value. */
export interface PairedDifference extends Estimate {
  /** Two-sided p-value of the paired t test; 1 where it cannot be computed. */
  readonly p: number;
}

/** Mean with a 95 % t interval. @throws RangeError without values */
export function meanWithInterval(values: readonly number[], level = 0.95): Estimate {
  if (values.length === 0) throw new RangeError("an interval needs at least one value");
  const center = mean([...values]);
  const n = values.length;
  if (n === 1) return { mean: center, low: NaN, high: NaN, sd: NaN, n };
  const sd = sampleStandardDeviation([...values]);
  const half = tQuantile(0.5 + level / 2, n - 1) * sd / Math.sqrt(n);
  return { mean: center, low: center - half, high: center + half, sd, n };
}

/**
 * Mean of `values[i] - baseline[i]` with a 95 % t interval: what seeds paired across arms give.
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
  const estimate = meanWithInterval(values.map((value, i) => value - (baseline[i] as number)));
  if (estimate.n === 1) return { ...estimate, p: 1 };
  const statistic = estimate.mean === 0 ? 0 : estimate.mean / (estimate.sd / Math.sqrt(estimate.n));
  return { ...estimate, p: tTwoSidedP(statistic, estimate.n - 1) };
}
