import { logSigmoid, sigmoid } from "./log_sigmoid.ts";
import type { LossDefinition } from "./loss_definition.ts";
import { positive } from "./option_rules.ts";

/** Direct preference optimisation. */
export interface DpoConfig {
  readonly name: "dpo";
  /** Strength of the KL penalty to the reference. Default 0.1. */
  readonly beta: number;
}

/** L = -log sigmoid(z), z = beta (rho_w - rho_l), rho = l_policy - l_reference. */
export const dpo: LossDefinition<DpoConfig> = {
  title: "DPO",
  source: "Rafailov et al. 2023, arXiv 2305.18290, eq. 7",
  defaults: { name: "dpo", beta: 0.1 },
  rules: { beta: positive },
  usesReference: true,
  reward: ({ beta }, policyLogp, referenceLogp) => beta * (policyLogp - referenceLogp),
  pair: ({ beta }, { margin }) => {
    const slope = -sigmoid(-margin); // dL/dz
    return { loss: -logSigmoid(margin), chosenGrad: beta * slope, rejectedGrad: -beta * slope };
  },
};
