import { quantile } from "simple-statistics";
import type { TokenizedPair } from "../data/preference.ts";
import { jaccard } from "../selection/jaccard.ts";
import { rankAuc } from "../selection/rank_auc.ts";
import type { GoldReward } from "./gold.ts";
import { mean, meanOf } from "./mean.ts";
import type { MetricValues } from "./metrics.ts";

/** One selection among B pairs. */
export interface MeasuredSelection {
  /** Every offline pair as it was given; whether labels are flipped is known of all or of none. */
  readonly pairs: readonly TokenizedPair[];
  /** Ensemble margins of all pairs; null in iteration 1, which ranks nothing. */
  readonly margins: ArrayLike<number> | null;
  /** Indices of the pairs kept, each once. */
  readonly selected: readonly number[];
  /** How many of them change places. */
  readonly swapped: number;
  /** Indices that the iteration before kept by ranking; null where it ranked nothing. */
  readonly previous: readonly number[] | null;
  readonly gold?: GoldReward;
}

/**
 * What was kept, how wrong it is, how stable, how long. Formulas: see `metrics`.
 *
 * @throws {RangeError} where there are not as many margins as pairs, or an index is out of range or
 * repeated
 */
export function selectionMetrics(
  { pairs, margins, selected, swapped, previous, gold }: MeasuredSelection,
): MetricValues {
  if (margins !== null && margins.length !== pairs.length) {
    throw new RangeError(`${margins.length} margins of ${pairs.length} pairs`);
  }
  const kept = new Set(selected);
  const outside = selected.find((i) => !Number.isInteger(i) || i < 0 || i >= pairs.length);
  if (outside !== undefined || kept.size < selected.length) {
    throw new RangeError(`selected indices repeat, or ${outside} is not one of ${pairs.length}`);
  }
  const all = pairs.map((_, i) => i);
  const marginAt = (i: number) => margins?.[i] as number;
  const ranked = (indices: readonly number[]) => margins && meanOf(indices, marginAt);
  const audited = pairs.length > 0 && pairs.every((pair) => pair.flipped !== undefined);
  const flipped = (i: number) => Number(pairs[i]?.flipped);
  const wrong = gold && pairs.map((pair) => Number(wrongness(pair, gold) === 1));
  const lengthDifference = (i: number) => chosenMinusRejected(pairs[i] as TokenizedPair);
  return {
    offlinePairs: selected.length,
    flippedSelected: audited ? meanOf(selected, flipped) : null,
    flippedAll: audited ? meanOf(all, flipped) : null,
    wrongSelected: wrong === undefined ? null : meanOf(selected, (i) => wrong[i] as number),
    wrongAll: wrong === undefined ? null : mean(wrong),
    marginAuc: audited && margins !== null
      ? rankAuc(Float64Array.from(margins), pairs.map((pair) => pair.flipped !== true))
      : null,
    marginSelected: ranked(selected),
    marginUnselected: ranked(all.filter((i) => !kept.has(i))),
    marginP90: margins === null ? null : quantile(Array.from(margins), 0.9),
    agreement: margins === null ? null : meanOf(all, (i) => Number(marginAt(i) > 0)),
    jaccard: margins === null || previous === null ? null : jaccard(selected, previous),
    lengthDifferenceSelected: meanOf(selected, lengthDifference),
    longerChosenSelected: meanOf(
      selected.filter((i) => lengthDifference(i) !== 0),
      (i) => Number(lengthDifference(i) > 0),
    ),
    relabelled: swapped,
  };
}

/** Metrics of the pairs that the policy made. */
export function bootstrapMetrics(
  generated: readonly TokenizedPair[],
  gold?: GoldReward,
): MetricValues {
  return {
    onPolicyPairs: generated.length,
    onPolicyWrong: gold === undefined ? null : meanOf(generated, (pair) => wrongness(pair, gold)),
    onPolicyLengthDifference: meanOf(generated, chosenMinusRejected),
  };
}

/** 1 where the chosen response has the lower gold reward, 0.5 where both are equal, else 0. */
function wrongness({ promptIds, chosenIds, rejectedIds }: TokenizedPair, gold: GoldReward): number {
  const difference = gold.reward(promptIds, chosenIds) - gold.reward(promptIds, rejectedIds);
  return difference < 0 ? 1 : difference === 0 ? 0.5 : 0;
}

function chosenMinusRejected(pair: TokenizedPair): number {
  return pair.chosenIds.length - pair.rejectedIds.length;
}
