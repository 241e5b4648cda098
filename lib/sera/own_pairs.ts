import type { Response } from "../policy/generate.ts";
import { bootstrapPairs, type BootstrapResult } from "../selection/bootstrap_pairs.ts";
import type { TrainingPair } from "../training/update.ts";
import type { GeneratedPair } from "./types.ts";

/** The pairs of one iteration's bootstrapping. */
export interface Bootstrapped {
  readonly pairs: readonly GeneratedPair[];
  /** The same as the update sees them: with the reference's log-probabilities. */
  readonly training: readonly TrainingPair[];
  /** null where there was no bootstrapping. */
  readonly dropped: BootstrapResult["dropped"] | null;
}

/** Responses of a policy, judged. */
export interface JudgedResponses {
  /** The iteration that trains on them. */
  readonly iteration: number;
  /** P prompts that were responded to. */
  readonly prompts: readonly Int32Array[];
  /** Index of each of them into the run's prompts. */
  readonly order: readonly number[];
  /** `[prompt][response]`. */
  readonly responses: readonly (readonly Response[])[];
  /** Of all responses in order. */
  readonly rewards: ArrayLike<number>;
  /** Log-probabilities that the loss measures against, `[prompt][response]`, nats. */
  readonly lossReference: readonly (readonly number[])[];
  /** What is done with responses of no token but the end. */
  readonly emptyResponses: "dropped" | "kept";
}

/** Best against worst of each prompt, then the `keep` pairs with the largest margins [P/I]. */
export function ownPairs(
  { iteration, prompts, order, responses, rewards, lossReference, emptyResponses }: JudgedResponses,
  keep: number,
): Bootstrapped {
  let at = 0;
  const candidates = responses.map((list) =>
    list.map((response) => ({
      tokenIds: response.ids,
      truncated: !response.finished,
      empty: emptyResponses === "dropped" && response.ids.length === 1,
      reward: rewards[at++] as number,
    }))
  );
  const made = bootstrapPairs(candidates, { count: keep });
  const pairs = made.pairs.map((pair): GeneratedPair => ({
    id: `generated-${iteration}-${pair.promptIndex}`,
    promptIds: prompts[pair.promptIndex] as Int32Array,
    promptIndex: order[pair.promptIndex] as number,
    chosenIds: pair.chosenIds,
    rejectedIds: pair.rejectedIds,
    chosenReward: pair.chosenReward,
    rejectedReward: pair.rejectedReward,
  }));
  return {
    pairs,
    training: made.pairs.map(({ promptIndex, chosenIndex, rejectedIndex }, i) => ({
      ...pairs[i] as GeneratedPair,
      referenceChosenLogp: lossReference[promptIndex]?.[chosenIndex] as number,
      referenceRejectedLogp: lossReference[promptIndex]?.[rejectedIndex] as number,
    })),
    dropped: made.dropped,
  };
}
