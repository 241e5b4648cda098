import { logSigmoid, sigmoid } from "./log_sigmoid.ts";
import type { LossDefinition } from "./loss_definition.ts";
import { positive } from "./option_rules.ts";

/** DPO on log-ratios averaged over tokens. */
export interface LengthNormalisedDpoConfig {
  readonly name: "length-normalised-dpo";
  /** Scale of the average log-ratio. Default 5. */
  readonly beta: number;
}

/** L = -log sigmoid(beta (rho_w / |y_w| - rho_l / |y_l|)). */
export const lengthNormalisedDpo: LossDefinition<LengthNormalisedDpoConfig> = {
  title: "Length-normalised DPO",
  source: "Lambert et al. 2024, arXiv 2411.15124 (Tulu 3); TRL's sigmoid_norm",
  defaults: { name: "length-normalised-dpo", beta: 5 },
  rules: { beta: positive },
  usesReference: true,
  reward: ({ beta }, policyLogp, referenceLogp, length) =>
    beta * (policyLogp - referenceLogp) / length,
  pair: ({ beta }, { margin, chosenLength, rejectedLength }) => {
    const slope = -sigmoid(-margin);
    return {
      loss: -logSigmoid(margin),
      chosenGrad: beta * slope / chosenLength,
      rejectedGrad: -beta * slope / rejectedLength,
    };
  },
};
