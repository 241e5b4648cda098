/**
 * What a direct alignment loss sees: completion log-probabilities and token counts of B pairs.
 *
 * Log-probabilities are sums over completion tokens, the end-of-sequence token included,
 * in nats; lengths count the same tokens. All arrays have length B.
 */
export interface PairLogps {
  /** log pi(chosen | prompt). */
  readonly policyChosenLogps: Float64Array;
  /** log pi(rejected | prompt). */
  readonly policyRejectedLogps: Float64Array;
  /** log pi_ref(chosen | prompt). */
  readonly referenceChosenLogps: Float64Array;
  /** log pi_ref(rejected | prompt). */
  readonly referenceRejectedLogps: Float64Array;
  /** Tokens of the chosen completions. */
  readonly chosenLengths: Float64Array;
  /** Tokens of the rejected completions. */
  readonly rejectedLengths: Float64Array;
  /**
   * What log-ratios are gains or losses against, nats: KTO's z0, of the whole batch. Losses that
   * need no mismatched pairs do not read it.
   */
  readonly referencePoint?: number;
  /** Share of the update's steps done before this one, for losses that warm up. Default 1: all. */
  readonly progress?: number;
}

/** Per-pair losses with their exact gradient in the policy's log-probabilities. All of length B. */
export interface PairLosses {
  /** Of each pair, in nats (a scale of their own for IPO and SLiC-HF). */
  readonly losses: Float64Array;
  /** d losses[i] / d policyChosenLogps[i]. */
  readonly chosenGrads: Float64Array;
  /** d losses[i] / d policyRejectedLogps[i]. */
  readonly rejectedGrads: Float64Array;
  /** Implicit rewards and their difference by the same formula the loss optimises. */
  readonly chosenRewards: Float64Array;
  /** Of the rejected completions. */
  readonly rejectedRewards: Float64Array;
  /** chosenRewards - rejectedRewards. */
  readonly margins: Float64Array;
}
