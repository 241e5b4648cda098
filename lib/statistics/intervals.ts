import { mean, sampleStandardDeviation } from "simple-statistics";
import { tQuantile } from "./student_t.ts";

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
