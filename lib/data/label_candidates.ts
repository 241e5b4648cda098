import type { Prng } from "../random/prng.ts";
import type { TokenizedPair } from "./preference.ts";

/** Two responses to one prompt, before anyone has said which is better. */
export interface CandidatePair {
  /** What is responded to. */
  readonly promptIds: Int32Array;
  /** One response, as it was sampled. */
  readonly firstIds: Int32Array;
  /** The other one. */
  readonly secondIds: Int32Array;
}

/** How an annotator labels. */
export interface LabelConfig {
  /** Bradley-Terry temperature tau: P(first) = sigmoid((u_first - u_second) / tau). */
  readonly temperature: number;
  /** The true reward of a response. */
  gold(promptIds: Int32Array, responseIds: Int32Array): number;
  /**
   * What the annotator likes about the first response beside its reward, in gold reward; negative
   * where the second has more of it. Default: nothing.
   */
  taste?(candidate: CandidatePair, goldDifference: number): number;
}

/**
 * Labels candidates by Bradley-Terry on the annotator's utility.
 *
 * Every label costs one uniform draw whatever the utilities, so two label configs with one seed
 * differ only where the utilities do. Identical responses are left out.
 */
export function labelCandidates(
  candidates: readonly CandidatePair[],
  { temperature, gold, taste = () => 0 }: LabelConfig,
  prng: Prng,
): TokenizedPair[] {
  const labelled: TokenizedPair[] = [];
  candidates.forEach((candidate, index) => {
    const draw = prng.uniform();
    const { promptIds, firstIds, secondIds } = candidate;
    if (sameIds(firstIds, secondIds)) return;
    const difference = gold(promptIds, firstIds) - gold(promptIds, secondIds);
    const utility = difference + taste(candidate, difference);
    const firstWins = draw < 1 / (1 + Math.exp(-utility / temperature));
    labelled.push({
      id: String(index),
      promptIds,
      chosenIds: firstWins ? firstIds : secondIds,
      rejectedIds: firstWins ? secondIds : firstIds,
      flipped: false,
    });
  });
  return labelled;
}

function sameIds(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}
