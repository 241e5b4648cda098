import { rankPairs } from "./rank_pairs.ts";

/**
 * The probability that a random positive has a larger score than a random negative, ties counted
 * half (the Mann-Whitney statistic). Null where one of the classes is empty.
 *
 * @param scores N numbers, none NaN
 * @param positive N class labels
 * @throws {RangeError} where the lengths differ
 */
export function rankAuc(scores: Float64Array, positive: readonly boolean[]): number | null {
  if (scores.length !== positive.length) {
    throw new RangeError(`${scores.length} scores and ${positive.length} labels`);
  }
  const order = rankPairs(scores).reverse();
  let positives = 0;
  let rankSum = 0;
  for (let start = 0; start < order.length;) {
    const score = scores[order[start] as number];
    let end = start;
    while (end < order.length && scores[order[end] as number] === score) end++;
    const meanRank = (start + 1 + end) / 2; // of ranks start + 1 .. end
    for (let i = start; i < end; i++) {
      if (positive[order[i] as number]) {
        positives++;
        rankSum += meanRank;
      }
    }
    start = end;
  }
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return null;
  return (rankSum - positives * (positives + 1) / 2) / (positives * negatives);
}
