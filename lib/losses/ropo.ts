import { logSigmoid, sigmoid } from "./log_sigmoid.ts";
import type { LossDefinition } from "./loss_definition.ts";
import { positive } from "./option_rules.ts";

/** Robust preference optimisation: bounded weight for pairs that the policy firmly contradicts. */
export interface RopoConfig {
  readonly name: "ropo";
  /** Strength of the KL penalty to the reference. Default 0.1. */
  readonly beta: number;
  /** Share of the noise-aware term sigmoid(-z) against DPO's. Default 14. */
  readonly alpha: number;
}

/**
 * L = 4a / (1+a)^2 [-log sigmoid(z)] + 4a^2 / (1+a)^2 sigmoid(-z), a = alpha.
 *
 * -dL/dz = 4a / (1+a)^2 s (1 + a - a s) with s = sigmoid(-z): its largest value over s is 1, at
 * s = (1 + a) / (2a), and it falls again towards s = 1, where the label is probably wrong.
 */
export const ropo: LossDefinition<RopoConfig> = {
  title: "ROPO",
  source: "Liang et al. 2024, arXiv 2404.04102",
  defaults: { name: "ropo", beta: 0.1, alpha: 14 },
  rules: { beta: positive, alpha: positive },
  usesReference: true,
  reward: ({ beta }, policyLogp, referenceLogp) => beta * (policyLogp - referenceLogp),
  pair: ({ beta, alpha }, { margin: z }) => {
    const scale = 4 * alpha / (1 + alpha) ** 2;
    const s = sigmoid(-z);
    const slope = -scale * s * (1 + alpha * sigmoid(z));
    return {
      loss: scale * (alpha * s - logSigmoid(z)),
      chosenGrad: beta * slope,
      rejectedGrad: -beta * slope,
    };
  },
};
