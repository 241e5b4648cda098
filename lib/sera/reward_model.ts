import type { TokenizedPair } from "../data/preference.ts";
import type { LanguageModel, Snapshot } from "../policy/language_model.ts";
import type { PromptGroup } from "../policy/packing.ts";
import type { ProgressSink } from "../progress/progress_sink.ts";
import { createPrng } from "../random/prng.ts";
import type { ResolvedConfig, RewardModelConfig } from "./config.ts";
import type { BothSides } from "./pair_logps.ts";
import type { PhaseClock } from "./phase_clock.ts";
import { rewardGroup, rewardOfLogps } from "./reward_step.ts";
import type { Scorer } from "./scorer.ts";
import type { SeraStore } from "./store.ts";
import { REWARD_ITERATION, trainRewardModel } from "./train_reward_model.ts";

/** What a reward model is made with. */
export interface RewardModelInput {
  /** Lent to the reward model during a call; its weights are put back. */
  readonly policy: LanguageModel;
  /** The SFT model's weights, where it starts. */
  readonly sft: Snapshot;
  /** Trained on, with their labels as they are. */
  readonly pairs: readonly TokenizedPair[];
  readonly config: ResolvedConfig;
  readonly seed: number;
  readonly store: SeraStore;
  readonly clock: PhaseClock;
  readonly scorer: Scorer;
  readonly progress: ProgressSink;
}

/**
 * An explicit reward model (no part of the paper): Bradley-Terry on all offline labels, from the SFT
 * model's weights. Trained once a run, when it is first asked; that time is charged to scoring, as
 * it serves scores alone.
 */
export class RewardModel {
  readonly #input: RewardModelInput;
  readonly #config: ResolvedConfig;
  #weights: Snapshot | undefined;

  constructor({ steps, learningRate }: RewardModelConfig, input: RewardModelInput) {
    const { config } = input;
    this.#input = input;
    this.#config = {
      ...config,
      steps: steps ?? config.steps,
      learningRate: learningRate ?? config.learningRate,
    };
  }

  /** Rewards of both completions of each offline pair. */
  async pairs(): Promise<BothSides> {
    const rewards = await this.groups(
      "offline",
      this.#input.pairs.map(({ promptIds, chosenIds, rejectedIds }) => ({
        promptIds,
        completions: [chosenIds, rejectedIds],
      })),
    );
    return {
      chosen: rewards.filter((_, i) => i % 2 === 0),
      rejected: rewards.filter((_, i) => i % 2 === 1),
    };
  }

  /** Rewards of all completions of the groups, in order; kept under the name. */
  async groups(name: string, groups: readonly PromptGroup[]): Promise<Float64Array> {
    const { policy, scorer } = this.#input;
    const current = await policy.snapshot();
    await this.#lend();
    const logps = await scorer.groups(
      `reward-model-${name}`,
      policy,
      groups.flatMap(({ promptIds, completions }) =>
        completions.map((completion) => rewardGroup(promptIds, completion))
      ),
    );
    policy.restore(current);
    return Float64Array.from(logps, rewardOfLogps);
  }

  /** Leaves `policy` as the reward model. */
  async #lend(): Promise<void> {
    const { policy, sft, pairs, store, clock, progress } = this.#input;
    if (this.#weights !== undefined) return policy.restore(this.#weights);
    const own = store.within("reward-model");
    const ended = await own.policy(REWARD_ITERATION);
    if (ended !== undefined) policy.restore(ended);
    else {
      policy.restore(sft);
      const seed = createPrng(this.#input.seed, "reward model").seed32();
      await trainRewardModel(policy, pairs, this.#config, { seed, store: own, progress });
      await own.savePolicy(REWARD_ITERATION, await policy.snapshot());
    }
    const rows = await own.rows(REWARD_ITERATION);
    clock.charge("scoring", rows.reduce((sum, row) => sum + row.seconds, 0));
    this.#weights = await policy.snapshot();
  }
}
