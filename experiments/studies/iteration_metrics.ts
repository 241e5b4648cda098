import { quantile } from "simple-statistics";
import { goldReward } from "../../lib/data/world/mod.ts";
import type { TokenizedPair } from "../../lib/data/preference.ts";
import type { MetricValues } from "../../lib/results/study_metrics.ts";
import type { GeneratedPair, SeraIteration } from "../../lib/training/sera.ts";
import type { OfflinePreferences } from "./preferences.ts";

/** What an iteration selected, generated and learnt, as metrics. */
export function trainingMetrics(
  iteration: SeraIteration,
  { pairs, wrong }: OfflinePreferences,
  clauses: number,
): MetricValues {
  const { audit, selected, margins, generated, heldOut } = iteration;
  const flipped = (indices: readonly number[]) => share(indices, (i) => Number(pairs[i]?.flipped));
  const all = pairs.map((_, i) => i);
  return {
    trainLoss: iteration.trainLoss,
    heldOutLoss: heldOut?.loss ?? null,
    irmAccuracy: heldOut?.accuracy ?? null,
    chosenLogp: heldOut?.chosenLogp ?? null,
    rejectedLogp: heldOut?.rejectedLogp ?? null,
    selectedPairs: selected.length,
    flippedSelected: flipped(selected),
    flippedAll: flipped(all),
    wrongSelected: share(selected, (i) => Number(wrong[i])),
    marginAuc: audit?.marginAuc ?? null,
    marginSelected: audit?.meanMarginSelected ?? null,
    marginUnselected: audit?.meanMarginUnselected ?? null,
    marginP90: margins === null ? null : quantile([...margins], 0.9),
    // At the first iteration every pair is used: an overlap would say nothing.
    jaccard: iteration.iteration > 2 ? audit?.jaccardPrevious ?? null : null,
    lengthDifferenceSelected: share(selected, (i) => lengthDifference(pairs[i] as TokenizedPair)),
    longerChosenSelected: longerChosen(selected.map((i) => pairs[i] as TokenizedPair)),
    relabelled: iteration.relabelled.length,
    ...generatedMetrics(generated, clauses),
  };
}

/** The times of an iteration, s. */
export function timeMetrics({ seconds }: SeraIteration, secondsSoFar: number): MetricValues {
  const { scoring, generation, update } = seconds;
  return {
    scoringSeconds: scoring,
    generationSeconds: generation,
    updateSeconds: update,
    trainingSeconds: scoring + generation + update,
    logTrainingSeconds: Math.log(secondsSoFar),
  };
}

function generatedMetrics(generated: readonly GeneratedPair[], clauses: number): MetricValues {
  if (generated.length === 0) {
    return { onPolicyPairs: 0, onPolicyWrong: null, onPolicyLengthDifference: null };
  }
  const gold = (promptIds: Int32Array, ids: Int32Array) =>
    goldReward(promptIds, ids, clauses).reward;
  return {
    onPolicyPairs: generated.length,
    onPolicyWrong: share(generated, (pair) => {
      const difference = gold(pair.promptIds, pair.chosenIds) -
        gold(pair.promptIds, pair.rejectedIds);
      return difference < 0 ? 1 : difference === 0 ? 0.5 : 0;
    }),
    onPolicyLengthDifference: share(generated, lengthDifference),
  };
}

function lengthDifference(pair: TokenizedPair): number {
  return pair.chosenIds.length - pair.rejectedIds.length;
}

function longerChosen(pairs: readonly TokenizedPair[]): number | null {
  return share(
    pairs.filter((pair) => lengthDifference(pair) !== 0),
    (pair) => Number(lengthDifference(pair) > 0),
  );
}

function share<T>(items: readonly T[], value: (item: T) => number): number | null {
  if (items.length === 0) return null;
  return items.reduce((sum, item) => sum + value(item), 0) / items.length;
}
