import { sigmoid } from "./log_sigmoid.ts";
import type { LossDefinition } from "./loss_definition.ts";
import { nonNegative, positive } from "./option_rules.ts";

/** Kahneman-Tversky optimisation, on pairs: chosen is desirable, rejected undesirable. */
export interface KtoConfig {
  readonly name: "kto";
  /** Risk aversion: how fast the value of a log-ratio saturates. Default 0.1. */
  readonly beta: number;
  /** The paper's lambda_D: weight of chosen responses. Default 1. */
  readonly desirableWeight: number;
  /** The paper's lambda_U: weight of rejected responses. Default 1. */
  readonly undesirableWeight: number;
}

/**
 * L = lambda_D [1 - sigmoid(beta (rho_w - z0))] + lambda_U [1 - sigmoid(beta (z0 - rho_l))].
 *
 * The reference point z0 = max(0, mean rho of mismatched prompts and responses), in nats, estimates
 * KL(policy || reference); it is shared by the batch and no gradient flows through it. A pair counts
 * both its responses, so the batch loss is twice TRL's, which averages over single responses.
 */
export const kto: LossDefinition<KtoConfig> = {
  title: "KTO",
  source: "Ethayarajh et al. 2024, arXiv 2402.01306, eq. 7 and 8; TRL's KTOTrainer",
  defaults: { name: "kto", beta: 0.1, desirableWeight: 1, undesirableWeight: 1 },
  rules: { beta: positive, desirableWeight: nonNegative, undesirableWeight: nonNegative },
  usesReference: true,
  reward: ({ beta }, policyLogp, referenceLogp) => beta * (policyLogp - referenceLogp),
  pair: ({ beta, desirableWeight, undesirableWeight }, terms) => {
    const chosen = beta *
      (terms.policyChosenLogp - terms.referenceChosenLogp - terms.referencePoint);
    const rejected = beta *
      (terms.referencePoint - terms.policyRejectedLogp + terms.referenceRejectedLogp);
    return {
      loss: desirableWeight * sigmoid(-chosen) + undesirableWeight * sigmoid(-rejected),
      chosenGrad: -desirableWeight * beta * sigmoid(chosen) * sigmoid(-chosen),
      rejectedGrad: undesirableWeight * beta * sigmoid(rejected) * sigmoid(-rejected),
    };
  },
  referencePoint: (policyLogps, referenceLogps) => {
    const sum = policyLogps.reduce(
      (total, logp, i) => total + logp - (referenceLogps[i] as number),
      0,
    );
    return Math.max(0, sum / policyLogps.length);
  },
};
