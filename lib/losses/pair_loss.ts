import { UserError } from "../errors.ts";
import { checkLogps } from "./check_logps.ts";
import { checkLossConfig } from "./loss_config.ts";
import { definitionOf, type LossConfig } from "./loss_table.ts";
import type { PairLogps, PairLosses } from "./types.ts";

/**
 * A loss for each of B pairs, its gradient in the policy's log-probabilities, and the implicit
 * rewards by the formula that is optimised. The batch loss is the mean of `losses`.
 *
 * @param config the loss and its options
 * @param logps log-probabilities and lengths of B >= 1 pairs; reference-free losses do not read
 * the reference's arrays, which may then be empty
 * @throws {UserError} on a bad option, or a log-probability or reference point that is not finite
 * @throws {RangeError} where the arrays' lengths differ, a completion has no token, or the loss needs
 * a reference point and is given none
 */
export function pairLoss(config: LossConfig, logps: PairLogps): PairLosses {
  const alone = separatePairLoss(config, logps);
  return definitionOf(config).coupleBatch?.(config, alone, logps.progress ?? 1) ?? alone;
}

/**
 * `pairLoss` of every pair by itself: that of losses which couple a batch before they do, so that a
 * pair's loss does not depend on the others (Dr. DPO's and wDPO's is then DPO's).
 *
 * @throws {UserError} {RangeError} as `pairLoss`
 */
export function separatePairLoss(config: LossConfig, logps: PairLogps): PairLosses {
  checkLossConfig(config);
  const definition = definitionOf(config);
  const count = checkLogps(logps, definition.usesReference);
  const referencePoint = definition.referencePoint === undefined ? 0 : givenPoint(config, logps);
  const out: PairLosses = {
    losses: new Float64Array(count),
    chosenGrads: new Float64Array(count),
    rejectedGrads: new Float64Array(count),
    chosenRewards: new Float64Array(count),
    rejectedRewards: new Float64Array(count),
    margins: new Float64Array(count),
  };
  const entry = (values: Float64Array, i: number): number => values[i] as number;
  const reference = (values: Float64Array, i: number): number =>
    definition.usesReference ? entry(values, i) : 0;
  for (let i = 0; i < count; i++) {
    const pair = {
      policyChosenLogp: entry(logps.policyChosenLogps, i),
      policyRejectedLogp: entry(logps.policyRejectedLogps, i),
      referenceChosenLogp: reference(logps.referenceChosenLogps, i),
      referenceRejectedLogp: reference(logps.referenceRejectedLogps, i),
      chosenLength: entry(logps.chosenLengths, i),
      rejectedLength: entry(logps.rejectedLengths, i),
      referencePoint,
    };
    const chosenReward = definition.reward(
      config,
      pair.policyChosenLogp,
      pair.referenceChosenLogp,
      pair.chosenLength,
    );
    const rejectedReward = definition.reward(
      config,
      pair.policyRejectedLogp,
      pair.referenceRejectedLogp,
      pair.rejectedLength,
    );
    const margin = chosenReward - rejectedReward;
    const value = definition.pair(config, { ...pair, margin });
    out.losses[i] = value.loss;
    out.chosenGrads[i] = value.chosenGrad;
    out.rejectedGrads[i] = value.rejectedGrad;
    out.chosenRewards[i] = chosenReward;
    out.rejectedRewards[i] = rejectedReward;
    out.margins[i] = margin;
  }
  return out;
}

function givenPoint({ name }: LossConfig, { referencePoint }: PairLogps): number {
  if (referencePoint === undefined) {
    throw new RangeError(`${name} needs the batch's referencePoint, made of mismatched pairs`);
  }
  if (!Number.isFinite(referencePoint)) {
    throw new UserError(
      `the reference point of ${name} is ${referencePoint}: the model gave a log-probability that ` +
        "is not finite; check its weights",
    );
  }
  return referencePoint;
}
