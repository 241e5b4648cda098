import type { TokenizedPair } from "../data/preference.ts";
import { ensembleRewards } from "../margins/ensemble.ts";
import { implicitRewardMargins } from "../margins/implicit_reward_margin.ts";
import type { SeraConfig } from "./config.ts";
import { type BothLogps, type BothSides, pairRewards } from "./pair_logps.ts";

/** Implicit rewards of the offline pairs by past policy: what self-review ranks them by. */
export class RewardHistory {
  readonly #config: SeraConfig;
  readonly #pairs: readonly TokenizedPair[];
  readonly #reference: BothLogps;
  /** Newest first. */
  readonly #rewards: BothSides[] = [];

  /** @param reference log-probabilities of the pairs under the SFT model */
  constructor(config: SeraConfig, pairs: readonly TokenizedPair[], reference: BothLogps) {
    this.#config = config;
    this.#pairs = pairs;
    this.#reference = reference;
  }

  /** Adds the next policy, by its log-probabilities of the pairs. */
  add(policy: BothLogps): void {
    this.#rewards.unshift(pairRewards(this.#config, this.#pairs, policy, this.#reference));
  }

  /** Margins of all pairs under the ensemble of the newest policies, weighted newest first. */
  margins(weights: readonly number[]): Float64Array {
    const of = (side: keyof BothSides) =>
      ensembleRewards(this.#rewards.map((rewards) => rewards[side]), weights);
    return implicitRewardMargins(of("chosen"), of("rejected"));
  }
}
