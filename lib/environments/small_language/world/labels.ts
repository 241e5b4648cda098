import type { Prng } from "../../../random/prng.ts";
import type { TokenizedPair } from "../../../data/preference.ts";
import { goldReward } from "./gold.ts";

/** Two responses to one prompt, before anyone has said which is better. */
export interface CandidatePair {
  /** `<bos> opener noun verb` */
  readonly promptIds: Int32Array;
  /** One response, its `<eos>` included. */
  readonly firstIds: Int32Array;
  /** The other one. */
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

/**
 * Labels candidates by Bradley-Terry on the annotator's utility.
 *
 * Every label costs one uniform draw whatever the utilities, so two label configs with one seed
 * differ only where the utilities do. Identical responses are left out.
 */
export function labelCandidates(
  candidates: readonly CandidatePair[],
  config: LabelConfig,
  prng: Prng,
): TokenizedPair[] {
  const labelled: TokenizedPair[] = [];
  candidates.forEach((candidate, index) => {
    const draw = prng.uniform();
    if (sameIds(candidate.firstIds, candidate.secondIds)) return;
    const gold = (ids: Int32Array) => goldReward(candidate.promptIds, ids, config.clauses).reward;
    const lengthTerm = config.lengthConfound *
      (candidate.firstIds.length - candidate.secondIds.length) / LENGTH_UNIT;
    const difference = gold(candidate.firstIds) - gold(candidate.secondIds) + lengthTerm;
    const firstWins = draw < 1 / (1 + Math.exp(-difference / config.temperature));
    labelled.push({
      id: String(index),
      promptIds: candidate.promptIds,
      chosenIds: firstWins ? candidate.firstIds : candidate.secondIds,
      rejectedIds: firstWins ? candidate.secondIds : candidate.firstIds,
      flipped: false,
    });
  });
  return labelled;
}

function sameIds(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}
