import { UserError } from "../errors.ts";
import type { Keep } from "./selection_rule.ts";
import { selectPairs } from "./select.ts";

/** A response that the policy generated for a prompt. */
export interface Candidate {
  /** Completion tokens, the end-of-sequence token included. */
  readonly tokenIds: Int32Array;
  /** True if generation stopped at its length limit, without an end-of-sequence token. */
  readonly truncated: boolean;
  /** True if it says nothing: no token but the end. Absent: false. */
  readonly empty?: boolean;
  /** Implicit reward under the ensemble. */
  readonly reward: number;
}

/** A preference made of two of a prompt's candidates, and where it came from. */
export interface BootstrappedPair {
  /** Positions in the arrays given to `bootstrapPairs`. */
  readonly promptIndex: number;
  /** Among the prompt's candidates: the largest reward. */
  readonly chosenIndex: number;
  /** Among the prompt's candidates: the smallest reward. */
  readonly rejectedIndex: number;
  /** Tokens of the chosen candidate. */
  readonly chosenIds: Int32Array;
  /** Tokens of the rejected candidate. */
  readonly rejectedIds: Int32Array;
  /** Of the chosen candidate, under the ensemble. */
  readonly chosenReward: number;
  /** Of the rejected candidate, under the ensemble. */
  readonly rejectedReward: number;
  /** chosenReward - rejectedReward, above 0. */
  readonly margin: number;
}

/** The kept pairs in the order of their prompts, and what was dropped and why. */
export interface BootstrapResult {
  /** At most one per prompt. */
  readonly pairs: readonly BootstrappedPair[];
  /** How much was dropped, by reason. */
  readonly dropped: {
    /** Candidates without an end-of-sequence token. */
    readonly truncatedCandidates: number;
    /** Finished candidates that say nothing. */
    readonly emptyCandidates: number;
    /** Finished candidates with the tokens of an earlier one of the same prompt. */
    readonly duplicateCandidates: number;
    /** Prompts with fewer than two candidates left. */
    readonly promptsWithoutTwo: number;
    /** Prompts whose best and worst candidates have the same reward. */
    readonly promptsWithEqualRewards: number;
    /** Pairs that were not kept. */
    readonly pairsNotKept: number;
  };
}

/**
 * Preference bootstrapping: of each prompt's candidates the one with the largest reward is chosen
 * and the one with the smallest rejected [I], equal rewards going to the earlier candidate; then
 * the pairs with the largest margins over all prompts are kept [P].
 *
 * @param candidates for each prompt its N candidates
 * @param keep how many of the prompts' pairs: 1 is all
 * @throws {UserError} on a reward that is not finite, naming prompt and candidate, or a bad `keep`
 * @throws {RangeError} on a candidate without tokens
 */
export function bootstrapPairs(
  candidates: readonly (readonly Candidate[])[],
  keep: Keep,
): BootstrapResult {
  let truncatedCandidates = 0;
  let emptyCandidates = 0;
  let duplicateCandidates = 0;
  let promptsWithoutTwo = 0;
  let promptsWithEqualRewards = 0;
  const pairs: BootstrappedPair[] = [];
  candidates.forEach((all, promptIndex) => {
    const seen = new Set<string>();
    const usable: number[] = [];
    all.forEach((candidate, index) => {
      checkCandidate(candidate, promptIndex, index);
      if (candidate.truncated) {
        truncatedCandidates++;
        return;
      }
      if (candidate.empty) {
        emptyCandidates++;
        return;
      }
      const key = candidate.tokenIds.join();
      if (seen.has(key)) duplicateCandidates++;
      else usable.push(index);
      seen.add(key);
    });
    if (usable.length < 2) {
      promptsWithoutTwo++;
      return;
    }
    const pair = bestAgainstWorst(all, usable, promptIndex);
    if (pair === null) promptsWithEqualRewards++;
    else pairs.push(pair);
  });
  const margins = Float64Array.from(pairs, (pair) => pair.margin);
  const { indices } = selectPairs({ rule: "top", keep }, margins);
  return {
    pairs: indices.map((i) => pairs[i] as BootstrappedPair),
    dropped: {
      truncatedCandidates,
      emptyCandidates,
      duplicateCandidates,
      promptsWithoutTwo,
      promptsWithEqualRewards,
      pairsNotKept: pairs.length - indices.length,
    },
  };
}

function bestAgainstWorst(
  all: readonly Candidate[],
  usable: readonly number[],
  promptIndex: number,
): BootstrappedPair | null {
  const at = (index: number): Candidate => all[index] as Candidate;
  const chosenIndex = usable.reduce((best, i) => at(i).reward > at(best).reward ? i : best);
  const rejectedIndex = usable.reduce((worst, i) => at(i).reward < at(worst).reward ? i : worst);
  const chosen = at(chosenIndex);
  const rejected = at(rejectedIndex);
  if (!(chosen.reward > rejected.reward)) return null;
  return {
    promptIndex,
    chosenIndex,
    rejectedIndex,
    chosenIds: chosen.tokenIds,
    rejectedIds: rejected.tokenIds,
    chosenReward: chosen.reward,
    rejectedReward: rejected.reward,
    margin: chosen.reward - rejected.reward,
  };
}

function checkCandidate(candidate: Candidate, promptIndex: number, index: number): void {
  if (candidate.tokenIds.length === 0) {
    throw new RangeError(`candidate ${index} of prompt ${promptIndex} has no tokens`);
  }
  if (!Number.isFinite(candidate.reward)) {
    throw new UserError(
      `the reward of candidate ${index} of prompt ${promptIndex} is ${candidate.reward}; ` +
        "check the model's weights",
    );
  }
}
