import { needsMismatched } from "./loss_config.ts";
import type { LossConfig } from "./loss_table.ts";
import { separatePairLoss } from "./pair_loss.ts";
import type { PairLogps } from "./types.ts";

/**
 * loss(policy) - loss(validation model) of B pairs: the loss difference of LossDiff-IRM (arXiv
 * 2510.13212), small where the policy has nothing to learn that the validation model knows.
 *
 * Our reading: the reference point of losses that have one (KTO's) is taken as 0, and losses that
 * couple a batch (Dr. DPO, wDPO) count uncoupled, as the pairs that are ranked are no batch.
 *
 * @param policy B pairs under the policy
 * @param validation the same pairs and reference under the model trained on validation pairs
 * @throws {UserError} {RangeError} as `pairLoss`
 */
export function lossDifferences(
  config: LossConfig,
  policy: PairLogps,
  validation: PairLogps,
): Float64Array {
  const point = needsMismatched(config) ? { referencePoint: 0 } : {};
  const lossUnder = (logps: PairLogps) => separatePairLoss(config, { ...logps, ...point }).losses;
  const other = lossUnder(validation);
  return lossUnder(policy).map((loss, i) => loss - (other[i] as number));
}
