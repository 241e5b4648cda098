import { usesReference } from "../losses/loss_config.ts";
import { ensembleRewards, ensembleWeights } from "../margins/ensemble.ts";
import { rewardReadsReference } from "../margins/implicit_reward.ts";
import { implicitRewardMargins } from "../margins/implicit_reward_margin.ts";
import { usesMargins } from "../selection/selection_rule.ts";
import type { TrainedOn } from "./cross_fit.ts";
import { otherScores } from "./other_scores.ts";
import { type BothSides, pairRewards } from "./pair_logps.ts";
import type { PreparedRun } from "./prepare_run.ts";

/** What an iteration knows of the offline pairs before it trains. */
export interface Review {
  /** Of the ensemble over past policies, newest first; none in iteration 1. */
  readonly weights: readonly number[];
  /** Ensemble margins of all pairs; null in iteration 1, where every margin is 0. */
  readonly margins: Float64Array | null;
  /** What the rule ranks by, where that is another score than the margin; null else. */
  readonly scores: Float64Array | null;
  /** What the loss measures against: the SFT model, or the previous policy. */
  readonly lossReference: BothSides;
}

/** Self-review: the offline pairs under the policies so far. */
export class SelfReview {
  readonly #run: PreparedRun;
  readonly #sft: BothSides;
  /** Implicit rewards by past policy, newest first. */
  readonly #rewards: BothSides[] = [];

  private constructor(run: PreparedRun, sft: BothSides) {
    this.#run = run;
    this.#sft = sft;
  }

  /** Scores the pairs under the SFT model: for loss or selection, or for measurement alone. */
  static async open(run: PreparedRun): Promise<SelfReview> {
    const { config: { loss, margin, selection }, pairs, reference, scorer } = run;
    const needed = usesReference(loss) ||
      usesMargins(selection) && rewardReadsReference(loss, margin);
    const phase = needed ? "scoring" : "evaluation";
    return new SelfReview(run, await scorer.pairs("sft-offline", reference, pairs, phase));
  }

  /**
   * The review that iteration t begins with, from pi_{t-1}: call for t = 1, 2, ... in turn.
   *
   * @param trained what iteration t - 1 trained on; undefined for t = 1
   */
  async before(t: number, trained: TrainedOn | undefined): Promise<Review> {
    if (trained === undefined) {
      return { weights: [], margins: null, scores: null, lossReference: this.#sft };
    }
    const { config, pairs, policy, scorer, crossFit } = this.#run;
    // Where neither selection nor loss reads the log-probabilities, they serve measurement alone.
    const needed = usesMargins(config.selection) || config.reference === "previous";
    const phase = needed ? "scoring" : "evaluation";
    const fitted = await crossFit?.(t - 1, trained, phase);
    const logps = fitted?.heldOut ??
      await scorer.pairs(`policy-${t - 1}-offline`, policy, pairs, phase);
    this.#rewards.unshift(pairRewards(config, pairs, logps, this.#sft));
    const weights = ensembleWeights(t - 1, config.ensemble);
    const ensemble = (side: keyof BothSides) =>
      ensembleRewards(this.#rewards.map((rewards) => rewards[side]), weights);
    const margins = implicitRewardMargins(ensemble("chosen"), ensemble("rejected"));
    return {
      weights,
      margins,
      scores: await otherScores(this.#run, { t, margins, fitted, sft: this.#sft }),
      lossReference: config.reference === "previous" ? logps : this.#sft,
    };
  }
}
