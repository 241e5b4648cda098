import { logSigmoid, sigmoid } from "./log_sigmoid.ts";
import type { LossDefinition } from "./loss_definition.ts";
import { nonNegative, positive } from "./option_rules.ts";

/** R-DPO: DPO with a penalty on length. Not rDPO, which is about label noise. */
export interface LengthRegularisedDpoConfig {
  readonly name: "r-dpo";
  /** Strength of the KL penalty to the reference. Default 0.1. */
  readonly beta: number;
  /** Price of one token, in units of reward. Default 0.01 (meant to be swept); 0 is DPO. */
  readonly alpha: number;
}

/**
 * L = -log sigmoid(beta (rho_w - rho_l) + alpha (|y_w| - |y_l|)).
 *
 * The sign follows from the objective: maximising E[r] - alpha |y| - beta KL makes the policy
 * proportional to reference * exp((r - alpha |y|) / beta), so r = beta rho + alpha |y| up to a
 * constant of the prompt. Part of a longer response's preference is put down to its length.
 */
export const lengthRegularisedDpo: LossDefinition<LengthRegularisedDpoConfig> = {
  title: "R-DPO (length-regularised)",
  source: "Park et al. 2024, arXiv 2403.19159",
  defaults: { name: "r-dpo", beta: 0.1, alpha: 0.01 },
  rules: { beta: positive, alpha: nonNegative },
  usesReference: true,
  reward: ({ beta, alpha }, policyLogp, referenceLogp, length) =>
    beta * (policyLogp - referenceLogp) + alpha * length,
  pair: ({ beta }, { margin }) => {
    const slope = -sigmoid(-margin);
    return { loss: -logSigmoid(margin), chosenGrad: beta * slope, rejectedGrad: -beta * slope };
  },
};
