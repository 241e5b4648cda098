import type { TokenizedPair } from "../data/preference.ts";
import { withNllAnchor } from "../losses/nll_anchor.ts";
import { pairLoss } from "../losses/pair_loss.ts";
import type { PairLogps, PairLosses } from "../losses/types.ts";
import type { SeraConfig } from "./sera_config.ts";

/** Log-probabilities of both completions of B pairs, in nats. */
export interface BothLogps {
  readonly chosen: Float64Array;
  readonly rejected: Float64Array;
}

/** [chosen, rejected] of each pair, as `sequenceLogps` returns them, by side. */
export function bySide(logps: readonly ArrayLike<number>[]): BothLogps {
  return {
    chosen: Float64Array.from(logps, (pair) => pair[0] as number),
    rejected: Float64Array.from(logps, (pair) => pair[1] as number),
  };
}

/** What a loss sees of pairs. */
export function pairLogps(
  pairs: readonly TokenizedPair[],
  policy: BothLogps,
  reference: BothLogps,
): PairLogps {
  return {
    policyChosenLogps: policy.chosen,
    policyRejectedLogps: policy.rejected,
    referenceChosenLogps: reference.chosen,
    referenceRejectedLogps: reference.rejected,
    chosenLengths: Float64Array.from(pairs, (pair) => pair.chosenIds.length),
    rejectedLengths: Float64Array.from(pairs, (pair) => pair.rejectedIds.length),
  };
}

/** The configured loss of each pair, NLL anchor included. */
export function configuredLoss(
  config: Pick<SeraConfig, "loss" | "nllAlpha">,
  logps: PairLogps,
): PairLosses {
  return withNllAnchor(pairLoss(config.loss, logps), logps, config.nllAlpha);
}

/** Mean of an array; NaN if it is empty. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / values.length;
}

/** Share of positive margins, ties half. */
export function accuracyOf(margins: ArrayLike<number>): number {
  return mean(Array.from(margins, (m) => m > 0 ? 1 : m === 0 ? 0.5 : 0));
}
