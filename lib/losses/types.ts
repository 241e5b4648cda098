/**
 * What a direct alignment loss sees: completion log-probabilities and token counts of B pairs.
 *
 * Log-probabilities are sums over completion tokens, the end-of-sequence token included,
 * in nats; lengths count the same tokens. All arrays have length B.
 */
export interface PairLogps {
  readonly policyChosenLogps: Float64Array;
  readonly policyRejectedLogps: Float64Array;
  readonly referenceChosenLogps: Float64Array;
  readonly referenceRejectedLogps: Float64Array;
  readonly chosenLengths: Float64Array;
  readonly rejectedLengths: Float64Array;
}

/** Per-pair losses with their exact gradient in the policy's log-probabilities. All of length B. */
export interface PairLosses {
  readonly losses: Float64Array;
  /** d losses[i] / d policyChosenLogps[i]. */
  readonly chosenGrads: Float64Array;
  /** d losses[i] / d policyRejectedLogps[i]. */
  readonly rejectedGrads: Float64Array;
  /** Implicit rewards and their difference by the same formula the loss optimises. */
  readonly chosenRewards: Float64Array;
  readonly rejectedRewards: Float64Array;
  readonly margins: Float64Array;
}
