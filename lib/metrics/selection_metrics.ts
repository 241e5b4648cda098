import { flipsKnown } from "../data/label_noise.ts";
import { quantile } from "simple-statistics";
import type { TokenizedPair } from "../data/preference.ts";
import { jaccard } from "../selection/jaccard.ts";
import { rankAuc } from "../selection/rank_auc.ts";
import type { GoldReward } from "./gold.ts";
import { mean, meanOf } from "./mean.ts";
import type { MetricDefinitions, ValuesOf } from "./metric_definition.ts";

/** Metrics of the given pairs: what was kept, how wrong it is, how stable, how long. */
export const selectionMetricDefinitions = {
  offlinePairs: {
    label: "offline pairs",
    unit: "pairs",
    text: "given pairs that the iteration trained on",
  },
  flippedSelected: {
    label: "flips kept",
    unit: "share",
    text:
      "flipped labels among the given pairs kept, as they were given (relabelling changes none); " +
      "known where the data or --flip-labels say",
    better: "lower",
  },
  flippedAll: {
    label: "flips in the data",
    unit: "share",
    text: "flipped labels among all given pairs",
  },
  wrongSelected: {
    label: "wrong labels kept",
    unit: "share",
    text: "given pairs kept whose chosen response has the lower gold reward, flipped or misjudged",
    better: "lower",
    gold: true,
  },
  wrongAll: {
    label: "wrong labels in the data",
    unit: "share",
    text: "given pairs whose chosen response has the lower gold reward, flipped or misjudged",
    gold: true,
  },
  marginAuc: {
    label: "AUC of the margin",
    unit: "share",
    text: "chance that an unflipped pair has a larger margin than a flipped one, ties half",
    better: "higher",
  },
  scoreAuc: {
    label: "AUC of the rule",
    unit: "share",
    text: "chance that the rule prefers an unflipped pair to a flipped one, ties half; null for " +
      "rules that draw, keep all or know the truth",
    better: "higher",
  },
  marginSelected: {
    label: "margin kept",
    unit: "reward",
    text:
      "mean ensemble margin of the given pairs kept; none in iteration 1, where every margin is 0",
  },
  marginUnselected: {
    label: "margin dropped",
    unit: "reward",
    text: "mean ensemble margin of the given pairs left out",
  },
  marginP90: {
    label: "90th percentile of the margin",
    unit: "reward",
    text: "over all given pairs, of the ensemble margins that the iteration ranked by",
  },
  agreement: {
    label: "agreement with the labels",
    unit: "share",
    text: "given pairs with a positive ensemble margin",
  },
  jaccard: {
    label: "overlap of selections",
    unit: "share",
    text:
      "Jaccard index of the given pairs kept and those the iteration before kept; from iteration 3, " +
      "as iteration 1 ranks nothing",
  },
  lengthDifferenceSelected: {
    label: "chosen - rejected length, kept",
    unit: "tokens",
    text: "mean chosen minus rejected length of the given pairs kept",
  },
  longerChosenSelected: {
    label: "longer is chosen, kept",
    unit: "share",
    text: "given pairs kept, of unequal lengths, whose chosen response is the longer",
  },
  relabelled: {
    label: "relabelled pairs",
    unit: "pairs",
    text: "given pairs whose label the selection swapped",
  },
} as const satisfies MetricDefinitions;

/** Metrics of the pairs that the policy made. */
export const bootstrapMetricDefinitions = {
  onPolicyPairs: {
    label: "on-policy pairs",
    unit: "pairs",
    text: "bootstrapped pairs that the iteration trained on",
  },
  onPolicyWrong: {
    label: "wrong on-policy labels",
    unit: "share",
    text: "bootstrapped pairs whose chosen response has the lower gold reward, ties half",
    better: "lower",
    gold: true,
  },
  onPolicyLengthDifference: {
    label: "chosen - rejected length, on-policy",
    unit: "tokens",
    text: "mean chosen minus rejected length of the bootstrapped pairs",
  },
} as const satisfies MetricDefinitions;

/** One selection among B pairs. */
export interface MeasuredSelection {
  /** Every offline pair as it was given; whether labels are flipped is known of all or of none. */
  readonly pairs: readonly TokenizedPair[];
  /** Ensemble margins of all pairs; null in iteration 1, which ranks nothing. */
  readonly margins: ArrayLike<number> | null;
  /** What the rule prefers pairs by, largest first (see `keepOrder`); null where it ranks nothing. */
  readonly order: Float64Array | null;
  /** Indices of the pairs kept, each once. */
  readonly selected: readonly number[];
  /** How many of them change places. */
  readonly swapped: number;
  /** Indices that the iteration before kept by ranking; null where it ranked nothing. */
  readonly previous: readonly number[] | null;
  readonly gold?: GoldReward;
}

/**
 * Metrics of the given pairs and their selection.
 *
 * @throws {RangeError} where there are not as many margins as pairs, or an index is out of range or
 * repeated
 */
export function selectionMetrics(
  { pairs, margins, order, selected, swapped, previous, gold }: MeasuredSelection,
): ValuesOf<typeof selectionMetricDefinitions> {
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
  const audited = pairs.length > 0 && flipsKnown(pairs);
  const flipped = (i: number) => Number(pairs[i]?.flipped);
  const aucOf = (scores: Float64Array) =>
    audited ? rankAuc(scores, pairs.map((pair) => pair.flipped !== true)) : null;
  const wrong = gold && pairs.map((pair) => Number(wrongness(pair, gold) === 1));
  const lengthDifference = (i: number) => chosenMinusRejected(pairs[i] as TokenizedPair);
  return {
    offlinePairs: selected.length,
    flippedSelected: audited ? meanOf(selected, flipped) : null,
    flippedAll: audited ? meanOf(all, flipped) : null,
    wrongSelected: wrong === undefined ? null : meanOf(selected, (i) => wrong[i] as number),
    wrongAll: wrong === undefined ? null : mean(wrong),
    marginAuc: margins && aucOf(Float64Array.from(margins)),
    scoreAuc: order && aucOf(order),
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
): ValuesOf<typeof bootstrapMetricDefinitions> {
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
