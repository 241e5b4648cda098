import { UserError } from "../errors.ts";
import { roundShare } from "../round_share.ts";
import type { Prng } from "../random/prng.ts";
import type { TokenizedPair } from "./preference.ts";

/** Pairs after label noise, and which of them it touched. */
export interface NoisyPairs {
  /** In the original order; every pair says whether its label is flipped. */
  readonly pairs: readonly TokenizedPair[];
  /** Ids of the pairs whose sides were exchanged, in the original order. */
  readonly flippedIds: readonly string[];
}

/**
 * Exchanges chosen and rejected in exactly `round(rate * n)` pairs, chosen by a shuffle.
 *
 * With the same generator a higher rate flips the pairs of a lower one and more, so noise levels
 * of one seed are nested. A pair that says it was flipped before is right again when flipped.
 *
 * @param rate share of the pairs, in [0, 1]
 * @param weights how likely each pair is to be next, in proportion (successive draws without
 * replacement; Efraimidis and Spirakis 2006); 0: never. Default: all alike
 * @throws {UserError} if the rate is out of range, or more than the pairs that can be flipped
 */
export function flipLabels(
  pairs: readonly TokenizedPair[],
  rate: number,
  prng: Prng,
  weights?: ArrayLike<number>,
): NoisyPairs {
  if (!(rate >= 0 && rate <= 1)) {
    throw new UserError(`the share of labels to flip must be in [0, 1], got ${rate}`);
  }
  const order = weights === undefined
    ? prng.shuffle(pairs.map((_, index) => index))
    : weightedOrder(weights, prng);
  const count = roundShare(rate, pairs.length);
  if (count > order.length) {
    throw new UserError(
      `${count} labels are to be flipped, and only ${order.length} of ${pairs.length} can be`,
    );
  }
  const flips = new Set(order.slice(0, count));
  return {
    pairs: pairs.map((pair, index) => {
      return flips.has(index) ? exchanged(pair) : { ...pair, flipped: pair.flipped ?? false };
    }),
    flippedIds: pairs.filter((_, index) => flips.has(index)).map(({ id }) => id),
  };
}

/** A pair with the label that it had before it was flipped. */
export function unflipped(pair: TokenizedPair): TokenizedPair {
  return pair.flipped === true ? exchanged(pair) : pair;
}

/** Whether every pair says if its label is flipped. */
export function flipsKnown(pairs: readonly TokenizedPair[]): boolean {
  return pairs.every(({ flipped }) => flipped !== undefined);
}

function exchanged(pair: TokenizedPair): TokenizedPair {
  const { chosenIds, rejectedIds, flipped = false } = pair;
  return { ...pair, chosenIds: rejectedIds, rejectedIds: chosenIds, flipped: !flipped };
}

/** Indices with a weight above 0, in the order of successive weighted draws. */
function weightedOrder(weights: ArrayLike<number>, prng: Prng): number[] {
  const keys = Array.from(weights, (weight) => Math.log(1 - prng.uniform()) / weight);
  return [...keys.keys()].filter((i) => (weights[i] as number) > 0)
    .sort((a, b) => (keys[b] as number) - (keys[a] as number) || a - b);
}
