import type { OptionRule } from "./option_rules.ts";
import type { PairLosses } from "./types.ts";

/** One pair, as a loss sees it: the entries of `PairLogps` at one index, and the reward margin. */
export interface PairTerms {
  readonly policyChosenLogp: number;
  readonly policyRejectedLogp: number;
  /** 0 where the loss does not use the reference. */
  readonly referenceChosenLogp: number;
  readonly referenceRejectedLogp: number;
  /** Completion tokens, the end-of-sequence token included; at least 1. */
  readonly chosenLength: number;
  readonly rejectedLength: number;
  /** `PairLogps.referencePoint`; 0 for losses without one. */
  readonly referencePoint: number;
  /** reward(chosen) - reward(rejected), by the loss's own `reward`. */
  readonly margin: number;
}

/** The loss of one pair (nats or squared nats) and its derivatives in the policy's log-probabilities. */
export interface PairValue {
  readonly loss: number;
  /** d loss / d policyChosenLogp. */
  readonly chosenGrad: number;
  /** d loss / d policyRejectedLogp. */
  readonly rejectedGrad: number;
}

/**
 * One direct alignment loss: its options with their defaults, the implicit reward that it optimises
 * and its equation for one pair. `Config` holds the loss's name and options.
 */
export interface LossDefinition<Config extends { readonly name: string }> {
  /** The name as its paper prints it. */
  readonly title: string;
  /** Paper and equation. */
  readonly source: string;
  readonly defaults: Config;
  readonly rules: { readonly [Option in Exclude<keyof Config, "name">]: OptionRule };
  /** False for losses that never read the reference's log-probabilities. */
  readonly usesReference: boolean;
  /** The implicit reward of a completion of `length` tokens; only differences within a prompt matter. */
  reward(config: Config, policyLogp: number, referenceLogp: number, length: number): number;
  /** The loss of one pair, with its exact gradient. */
  pair(config: Config, terms: PairTerms): PairValue;
  /**
   * Only for losses with a reference point: it is made of the log-probabilities of a batch's
   * mismatched prompts and completions under the policy and the reference, and no gradient flows
   * through it.
   */
  referencePoint?(policyLogps: Float64Array, referenceLogps: Float64Array): number;
  /**
   * Only for losses that couple the pairs of a batch: turns the values of single pairs into the
   * batch's. The result's `losses` average to the batch loss, and its gradients are B times the
   * derivative of that average, so that a caller treats them like those of any other loss.
   *
   * @param progress share of the update's steps that is done, in [0, 1]
   */
  coupleBatch?(config: Config, pairs: PairLosses, progress: number): PairLosses;
}
