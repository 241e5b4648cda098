import { rankPairs } from "./rank_pairs.ts";

/**
 * How central the rank of each value is: 0 at the median, falling by 1 a rank. Of two ranks beside
 * the median the upper one counts as nearer, so that no two values are equally central.
 */
export function centrality(values: Float64Array): Float64Array {
  const middle = (values.length - 1) / 2 - 0.25;
  const out = new Float64Array(values.length);
  rankPairs(values).forEach((index, rank) => out[index] = -Math.abs(rank - middle));
  return out;
}

/**
 * LossDiff-IRM (arXiv 2510.13212): pairs in the middle bands of both the loss difference and the
 * implicit reward margin. The larger a score, the narrower the bands that still hold the pair: the
 * k largest scores are the intersection of two central bands of equal width that holds k pairs.
 *
 * The paper sets two pairs of percentiles by hand and keeps what is in both (50 to 64 %); bands of
 * equal width that grow until they hold k are our reading, for rules to be compared at one budget.
 *
 * @param lossDifferences B values of loss(policy) - loss(model trained on validation pairs)
 * @param margins B implicit reward margins of the policy
 * @throws {RangeError} where the lengths differ
 */
export function centralBands(lossDifferences: Float64Array, margins: Float64Array): Float64Array {
  if (lossDifferences.length !== margins.length) {
    throw new RangeError(`${lossDifferences.length} loss differences, ${margins.length} margins`);
  }
  const byMargin = centrality(margins);
  return centrality(lossDifferences).map((own, i) => Math.min(own, byMargin[i] as number));
}
