import type { Prng } from "../../../random/prng.ts";
import type { TokenizedPair } from "../../../data/preference.ts";
import { goldReward } from "./gold.ts";

/** Two responses to one prompt, before anyone has said which is better. */
export interface CandidatePair {
  readonly promptIds: Int32Array;
  readonly firstIds: Int32Array;
  readonly secondIds: Int32Array;
}

/** How the annotator of the review world labels. */
export interface LabelConfig {
  /** Bradley-Terry temperature tau: P(first) = sigmoid((u_first - u_second) / tau). */
  readonly temperature: number;
  /**
   * Length confound rho: the annotator's utility is gold + rho x length / `LENGTH_UNIT`.
   * 0 is the unbiased annotator.
   */
  readonly lengthConfound: number;
  /** Clauses that the gold reward expects; three unless told. */
  readonly clauses?: number;
}

/** Tokens that count as one unit of length for the confound: about one SD of the writer's lengths. */
export const LENGTH_UNIT = 2.5;

/** A labelled pair with the truth beside it. */
export interface LabelledPair {
  readonly pair: TokenizedPair;
  readonly goldChosen: number;
  readonly goldRejected: number;
}

/**
 * Labels candidates by Bradley-Terry on the annotator's utility.
 *
 * Every label costs one uniform draw whatever the utilities, so two label specs with one seed
 * differ only where the utilities do. Identical responses are left out.
 */
export function labelCandidates(
  candidates: readonly CandidatePair[],
  spec: LabelConfig,
  prng: Prng,
): LabelledPair[] {
  const labelled: LabelledPair[] = [];
  candidates.forEach((candidate, index) => {
    const draw = prng.uniform();
    if (sameIds(candidate.firstIds, candidate.secondIds)) return;
    const gold = [candidate.firstIds, candidate.secondIds].map((ids) =>
      goldReward(candidate.promptIds, ids, spec.clauses).reward
    ) as [number, number];
    const lengthTerm = spec.lengthConfound *
      (candidate.firstIds.length - candidate.secondIds.length) / LENGTH_UNIT;
    const difference = gold[0] - gold[1] + lengthTerm;
    const firstWins = draw < 1 / (1 + Math.exp(-difference / spec.temperature));
    labelled.push({
      pair: {
        id: String(index),
        promptIds: candidate.promptIds,
        chosenIds: firstWins ? candidate.firstIds : candidate.secondIds,
        rejectedIds: firstWins ? candidate.secondIds : candidate.firstIds,
        flipped: false,
      },
      goldChosen: firstWins ? gold[0] : gold[1],
      goldRejected: firstWins ? gold[1] : gold[0],
    });
  });
  return labelled;
}

function sameIds(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}
