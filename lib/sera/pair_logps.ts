import type { TokenizedPair } from "../data/preference.ts";
import { withNllAnchor } from "../losses/nll_anchor.ts";
import { pairLoss } from "../losses/pair_loss.ts";
import type { PairLogps, PairLosses } from "../losses/types.ts";
import { implicitRewards } from "../margins/implicit_reward.ts";
import type { SeraConfig } from "./config.ts";

/** A number for both completions of B pairs: log-probabilities in nats, rewards, or lengths. */
export interface BothSides {
  readonly chosen: Float64Array;
  readonly rejected: Float64Array;
}

/** [chosen, rejected] of each pair, as `sequenceLogps` returns them, by side. */
export function bySide(logps: readonly ArrayLike<number>[]): BothSides {
  return {
    chosen: Float64Array.from(logps, (pair) => pair[0] as number),
    rejected: Float64Array.from(logps, (pair) => pair[1] as number),
  };
}

/** Tokens of both completions. */
export function lengthsOf(pairs: readonly TokenizedPair[]): BothSides {
  return {
    chosen: Float64Array.from(pairs, (pair) => pair.chosenIds.length),
    rejected: Float64Array.from(pairs, (pair) => pair.rejectedIds.length),
  };
}

/**
 * What a loss sees of pairs.
 *
 * @param referencePoint of losses that need mismatched pairs, nats
 */
export function pairLogps(
  pairs: readonly TokenizedPair[],
  policy: BothSides,
  reference: BothSides,
  referencePoint?: number,
): PairLogps {
  const lengths = lengthsOf(pairs);
  return {
    policyChosenLogps: policy.chosen,
    policyRejectedLogps: policy.rejected,
    referenceChosenLogps: reference.chosen,
    referenceRejectedLogps: reference.rejected,
    chosenLengths: lengths.chosen,
    rejectedLengths: lengths.rejected,
    ...(referencePoint === undefined ? {} : { referencePoint }),
  };
}

/** The implicit rewards that rank both completions: the loss's own, or as `margin` says. */
export function pairRewards(
  { loss, margin }: Pick<SeraConfig, "loss" | "margin">,
  pairs: readonly TokenizedPair[],
  policy: BothSides,
  reference: BothSides,
): BothSides {
  const lengths = lengthsOf(pairs);
  const of = (side: keyof BothSides) =>
    implicitRewards(loss, policy[side], reference[side], lengths[side], margin);
  return { chosen: of("chosen"), rejected: of("rejected") };
}

/** The configured loss of each pair, NLL anchor included. */
export function configuredLoss(
  config: Pick<SeraConfig, "loss" | "nllAlpha">,
  logps: PairLogps,
): PairLosses {
  return withNllAnchor(pairLoss(config.loss, logps), logps, config.nllAlpha);
}
