import { UserError } from "../errors.ts";
import { checkLogps } from "./check_logps.ts";
import type { PairLogps, PairLosses } from "./types.ts";

/**
 * Adds alpha times the chosen response's negative log-likelihood per token, -l_w / |y_w|, to any
 * loss: it keeps the chosen log-probability from falling. Rewards and margins stay as they are.
 *
 * @param alpha weight of the anchor, at least 0; at 0 the losses are returned unchanged
 * @throws {UserError} on a bad alpha
 * @throws {RangeError} where `losses` and `logps` are of different batches
 */
export function withNllAnchor(losses: PairLosses, logps: PairLogps, alpha: number): PairLosses {
  if (!(Number.isFinite(alpha) && alpha >= 0)) {
    throw new UserError(`the NLL anchor's alpha is ${alpha}; it must be a number of at least 0`);
  }
  if (alpha === 0) return losses;
  const count = checkLogps(logps, false);
  if (losses.losses.length !== count) {
    throw new RangeError(`${losses.losses.length} losses and ${count} log-probabilities`);
  }
  const weight = logps.chosenLengths.map((length) => alpha / length);
  return {
    ...losses,
    losses: losses.losses.map((loss, i) =>
      loss - (weight[i] as number) * (logps.policyChosenLogps[i] as number)
    ),
    chosenGrads: losses.chosenGrads.map((grad, i) => grad - (weight[i] as number)),
  };
}
