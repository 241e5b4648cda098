import { ensembleRewards, ensembleWeights } from "../margins/ensemble.ts";
import { implicitRewardMargins } from "../margins/implicit_reward_margin.ts";
import { usesMargins } from "../selection/selection_rule.ts";
import type { TrainedOn } from "./cross_fit.ts";
import { type BothLogps, type BothSides, pairRewards } from "./pair_logps.ts";
import type { PreparedRun } from "./prepare_run.ts";

/** What an iteration knows of the offline pairs before it trains. */
export interface Review {
  /** Of the ensemble over past policies, newest first; none in iteration 1. */
  readonly weights: readonly number[];
  /** Ensemble margins of all pairs; null in iteration 1, where every margin is 0. */
  readonly margins: Float64Array | null;
  /** What the loss measures against: the SFT model, or the previous policy. */
  readonly lossReference: BothLogps;
}

/** Self-review: the offline pairs under the policies so far. */
export class SelfReview {
  readonly #run: PreparedRun;
  readonly #sft: BothLogps;
  /** Implicit rewards by past policy, newest first. */
  readonly #rewards: BothSides[] = [];

  private constructor(run: PreparedRun, sft: BothLogps) {
    this.#run = run;
    this.#sft = sft;
  }

  /** Scores the pairs under the SFT model. */
  static async open(run: PreparedRun): Promise<SelfReview> {
    return new SelfReview(run, await run.scorer.pairs("sft-offline", run.reference, run.pairs));
  }

  /**
   * The review that iteration t begins with, from pi_{t-1}: call for t = 1, 2, ... in turn.
   *
   * @param trained what iteration t - 1 trained on; undefined for t = 1
   */
  async before(t: number, trained: TrainedOn | undefined): Promise<Review> {
    if (trained === undefined) return { weights: [], margins: null, lossReference: this.#sft };
    const { config, pairs, policy, scorer, crossFit } = this.#run;
    // Where neither selection nor loss reads the log-probabilities, they serve measurement alone.
    const needed = usesMargins(config.selection) || config.reference === "previous";
    const phase = needed ? "scoring" : "evaluation";
    const logps = crossFit === undefined
      ? await scorer.pairs(`policy-${t - 1}-offline`, policy, pairs, phase)
      : await crossFit(t - 1, trained, phase);
    this.#rewards.unshift(pairRewards(config, pairs, logps, this.#sft));
    const weights = ensembleWeights(t - 1, config.ensemble);
    const ensemble = (side: keyof BothSides) =>
      ensembleRewards(this.#rewards.map((rewards) => rewards[side]), weights);
    return {
      weights,
      margins: implicitRewardMargins(ensemble("chosen"), ensemble("rejected")),
      lossReference: config.reference === "previous" ? logps : this.#sft,
    };
  }
}
