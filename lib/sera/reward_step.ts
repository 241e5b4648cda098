import type { TokenizedPair } from "../data/preference.ts";
import { logSigmoid, sigmoid } from "../losses/log_sigmoid.ts";
import type { LanguageModel } from "../policy/language_model.ts";
import type { PromptGroup } from "../policy/packing.ts";
import type { AdamW } from "../training/adamw.ts";
import { updateStep } from "../training/update.ts";

/**
 * The tokens A and B between which the reward is read off: any two will do, as training makes of
 * them what it needs; every vocabulary has these.
 */
const TOKENS = [0, 1].map((id) => Int32Array.of(id));

/**
 * What a model must score to reward a response: log p(A | x, y) and log p(B | x, y). Their
 * difference is (w_A - w_B) . h, with h the final hidden state after x and y: a linear head on the
 * language model, as reward models have (Ouyang et al. 2022, arXiv 2203.02155), made of two rows
 * of the one that is there.
 */
export function rewardGroup(promptIds: Int32Array, responseIds: Int32Array): PromptGroup {
  const ids = new Int32Array(promptIds.length + responseIds.length);
  ids.set(promptIds);
  ids.set(responseIds, promptIds.length);
  return { promptIds: ids, completions: TOKENS };
}

/** The reward that a group's two log-probabilities stand for. */
export function rewardOfLogps(logps: ArrayLike<number>): number {
  return (logps[0] as number) - (logps[1] as number);
}

/** What a step did, by the model before it. */
export interface RewardStep {
  /** Of each pair: -log sigmoid(margin), nats. */
  readonly losses: readonly number[];
  /** Of each pair: reward of the chosen response minus that of the rejected one. */
  readonly margins: readonly number[];
  /** log p(A) after each chosen response, nats. */
  readonly chosenLogps: readonly number[];
  /** log p(A) after each rejected response, nats. */
  readonly rejectedLogps: readonly number[];
  /** Before clipping. */
  readonly gradientNorm: number;
}

/** One optimiser step on the mean Bradley-Terry loss -log sigmoid(r(x, y_w) - r(x, y_l)) of a batch. */
export async function rewardStep(
  model: LanguageModel,
  optimiser: AdamW,
  batch: readonly TokenizedPair[],
  learningRate: number,
  options: { readonly maxRows: number; readonly dropoutSeed?: number },
): Promise<RewardStep> {
  const losses: number[] = [], margins: number[] = [];
  const chosenLogps: number[] = [], rejectedLogps: number[] = [];
  const groups = batch.flatMap(({ promptIds, chosenIds, rejectedIds }) => [
    rewardGroup(promptIds, chosenIds),
    rewardGroup(promptIds, rejectedIds),
  ]);
  /** @param logps [4 a pair] of A and B after the chosen response, then after the rejected one */
  const upstream = (logps: Float64Array): Float64Array => {
    const grads = new Float64Array(logps.length);
    for (let at = 0; at < logps.length; at += 4) {
      const margin = rewardOfLogps(logps.subarray(at, at + 2)) -
        rewardOfLogps(logps.subarray(at + 2, at + 4));
      losses.push(-logSigmoid(margin));
      margins.push(margin);
      chosenLogps.push(logps[at] as number);
      rejectedLogps.push(logps[at + 2] as number);
      const slope = -sigmoid(-margin) / batch.length; // of the batch's loss in the margin
      grads.set([slope, -slope, -slope, slope], at);
    }
    return grads;
  };
  const together = 2; // both responses of a pair
  const gradientNorm = await updateStep(model, optimiser, groups, learningRate, upstream, {
    ...options,
    together,
  });
  return { losses, margins, chosenLogps, rejectedLogps, gradientNorm };
}
