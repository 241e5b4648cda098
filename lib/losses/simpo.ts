import { logSigmoid, sigmoid } from "./log_sigmoid.ts";
import type { LossDefinition } from "./loss_definition.ts";
import { nonNegative, positive } from "./option_rules.ts";

/** Simple preference optimisation: reference-free, length-normalised, with a target margin. */
export interface SimpoConfig {
  readonly name: "simpo";
  /** Scale of the average log-probability. Default 2. */
  readonly beta: number;
  /**
   * The paper's gamma / beta: the target margin in units of average log-probability. Default 0.25,
   * so gamma = 0.5 at beta 2 (TRL's `simpo_gamma` is gamma). Not SeRA's ensemble gamma.
   */
  readonly gammaMarginRatio: number;
}

/** L = -log sigmoid(beta l_w / |y_w| - beta l_l / |y_l| - gamma). */
export const simpo: LossDefinition<SimpoConfig> = {
  title: "SimPO",
  source: "Meng et al. 2024, arXiv 2405.14734, eq. 6",
  defaults: { name: "simpo", beta: 2, gammaMarginRatio: 0.25 },
  rules: { beta: positive, gammaMarginRatio: nonNegative },
  usesReference: false,
  reward: ({ beta }, policyLogp, _, length) => beta * policyLogp / length,
  pair: ({ beta, gammaMarginRatio }, { margin, chosenLength, rejectedLength }) => {
    const z = margin - beta * gammaMarginRatio;
    const slope = -sigmoid(-z);
    return {
      loss: -logSigmoid(z),
      chosenGrad: beta * slope / chosenLength,
      rejectedGrad: -beta * slope / rejectedLength,
    };
  },
};
