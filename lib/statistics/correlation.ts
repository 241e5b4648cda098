import { sampleCorrelation, sampleRankCorrelation } from "simple-statistics";

/** Pearson's correlation; NaN where a side does not vary or fewer than two values are given. */
export function pearson(x: readonly number[], y: readonly number[]): number {
  return guarded(x, y, sampleCorrelation);
}

/** Spearman's rank correlation (ties get mean ranks); NaN under the same conditions. */
export function spearman(x: readonly number[], y: readonly number[]): number {
  return guarded(x, y, sampleRankCorrelation);
}

function guarded(
  x: readonly number[],
  y: readonly number[],
  correlation: (x: number[], y: number[]) => number,
): number {
  if (x.length !== y.length) {
    throw new RangeError(`correlation of ${x.length} and ${y.length} values`);
  }
  if (x.length < 2 || new Set(x).size < 2 || new Set(y).size < 2) return NaN;
  return correlation([...x], [...y]);
}
