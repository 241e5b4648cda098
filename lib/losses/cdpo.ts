import { logSigmoid, sigmoid } from "./log_sigmoid.ts";
import type { LossDefinition } from "./loss_definition.ts";
import { flipRate, positive } from "./option_rules.ts";

/** Conservative DPO: label smoothing. */
export interface CdpoConfig {
  readonly name: "cdpo";
  /** Strength of the KL penalty to the reference. Default 0.1. */
  readonly beta: number;
  /** Assumed probability that a label is flipped. Default 0.1; 0 is DPO. */
  readonly epsilon: number;
}

/** L = -(1 - epsilon) log sigmoid(z) - epsilon log sigmoid(-z): least at sigmoid(z) = 1 - epsilon. */
export const cdpo: LossDefinition<CdpoConfig> = {
  title: "cDPO",
  source: "Mitchell 2023, A note on DPO with noisy preferences",
  defaults: { name: "cdpo", beta: 0.1, epsilon: 0.1 },
  rules: { beta: positive, epsilon: flipRate },
  usesReference: true,
  reward: ({ beta }, policyLogp, referenceLogp) => beta * (policyLogp - referenceLogp),
  pair: ({ beta, epsilon }, { margin: z }) => {
    const slope = -(1 - epsilon) * sigmoid(-z) + epsilon * sigmoid(z);
    return {
      loss: -(1 - epsilon) * logSigmoid(z) - epsilon * logSigmoid(-z),
      chosenGrad: beta * slope,
      rejectedGrad: -beta * slope,
    };
  },
};
