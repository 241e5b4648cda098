import type { TokenizedPair } from "../data/preference.ts";
import { createPrng, type Prng } from "../random/prng.ts";
import { type Selection, selectPairs } from "../selection/select.ts";
import type { SelectionRule } from "../selection/selection_rule.ts";
import type { TrainingPair } from "../training/update.ts";
import type { BothSides } from "./pair_logps.ts";
import type { PreparedRun } from "./prepare_run.ts";
import type { Review } from "./review.ts";

/** The selection of iteration t by the configured rule; all pairs where nothing ranks them. */
export function selectOffline(
  { config, seed, pairs, wrong }: PreparedRun,
  { margins, scores }: Pick<Review, "margins" | "scores">,
  t: number,
): Selection {
  return selectPairs(
    margins === null ? { rule: "all" } : config.selection,
    margins ?? new Float64Array(pairs.length),
    {
      prng: selectionPrng(config.selection, seed, t),
      ...(wrong === undefined ? {} : { flipped: wrong }),
      ...(scores === null ? {} : { scores }),
    },
  );
}

/** Draws the selection of iteration t; a fixed random one the same in all. */
export function selectionPrng(rule: SelectionRule, seed: number, t: number): Prng {
  return rule.rule === "random" && rule.fixed === true
    ? createPrng(seed, "select", "fixed")
    : createPrng(seed, "select", t);
}

/** The selected pairs as the update sees them: with the reference's log-probabilities. */
export function trainingPairs(
  pairs: readonly TokenizedPair[],
  { indices, swapped }: Selection,
  { chosen, rejected }: BothSides,
): TrainingPair[] {
  const swap = new Set(swapped);
  return indices.map((i) => {
    const pair = pairs[i] as TokenizedPair;
    const [own, other] = [chosen[i] as number, rejected[i] as number];
    return swap.has(i)
      ? {
        ...pair,
        chosenIds: pair.rejectedIds,
        rejectedIds: pair.chosenIds,
        referenceChosenLogp: other,
        referenceRejectedLogp: own,
      }
      : { ...pair, referenceChosenLogp: own, referenceRejectedLogp: other };
  });
}
