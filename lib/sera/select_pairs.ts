import type { TokenizedPair } from "../data/preference.ts";
import { createPrng } from "../random/prng.ts";
import { type Selection, selectPairs } from "../selection/select.ts";
import type { TrainingPair } from "../training/update.ts";
import type { BothLogps } from "./pair_logps.ts";
import type { PreparedRun } from "./prepare_run.ts";

/** The selection of iteration t by the configured rule; all pairs where nothing ranks them. */
export function selectOffline(
  { config, seed, pairs, flipped }: PreparedRun,
  margins: Float64Array | null,
  t: number,
): Selection {
  return selectPairs(
    margins === null ? { rule: "all" } : config.selection,
    margins ?? new Float64Array(pairs.length),
    { prng: createPrng(seed, "select", t), ...(flipped === undefined ? {} : { flipped }) },
  );
}

/** The selected pairs as the update sees them: with the reference's log-probabilities. */
export function trainingPairs(
  pairs: readonly TokenizedPair[],
  { indices, swapped }: Selection,
  { chosen, rejected }: BothLogps,
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
