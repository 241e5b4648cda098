import { sampleCorrelation } from "simple-statistics";

/** Pearson's correlation; NaN where a side does not vary or fewer than two values are given. */
export function pearson(x: readonly number[], y: readonly number[]): number {
  if (x.length !== y.length) {
    throw new RangeError(`correlation of ${x.length} and ${y.length} values`);
  }
  if (x.length < 2 || new Set(x).size < 2 || new Set(y).size < 2) return NaN;
  return sampleCorrelation([...x], [...y]);
}
