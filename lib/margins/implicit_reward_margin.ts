import type { LossConfig } from "../losses/loss_table.ts";
import type { PairLogps } from "../losses/types.ts";
import { implicitRewards } from "./implicit_reward.ts";

/**
 * Implicit reward margins (IRM): reward(chosen) - reward(rejected) [P].
 *
 * Signed: a pair whose label the policy disagrees with has a negative margin.
 *
 * @param chosenRewards implicit rewards of B chosen responses, of one policy or an ensemble
 * @param rejectedRewards the same of the rejected responses
 * @throws {RangeError} where the arrays' lengths differ
 */
export function implicitRewardMargins(
  chosenRewards: Float64Array,
  rejectedRewards: Float64Array,
): Float64Array {
  if (chosenRewards.length !== rejectedRewards.length) {
    throw new RangeError(
      `${chosenRewards.length} chosen and ${rejectedRewards.length} rejected rewards`,
    );
  }
  return chosenRewards.map((reward, i) => reward - (rejectedRewards[i] as number));
}

/**
 * The margins of B pairs under one policy, by the formula that `config`'s loss optimises [I for
 * losses other than DPO].
 *
 * @throws {RangeError} where the arrays' lengths differ
 * @throws {UserError} on a reward that is not finite
 */
export function pairMargins(config: LossConfig, logps: PairLogps): Float64Array {
  return implicitRewardMargins(
    implicitRewards(
      config,
      logps.policyChosenLogps,
      logps.referenceChosenLogps,
      logps.chosenLengths,
    ),
    implicitRewards(
      config,
      logps.policyRejectedLogps,
      logps.referenceRejectedLogps,
      logps.rejectedLengths,
    ),
  );
}
