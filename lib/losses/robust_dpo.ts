import { logSigmoid, sigmoid } from "./log_sigmoid.ts";
import type { LossDefinition } from "./loss_definition.ts";
import { flipRate, positive } from "./option_rules.ts";

/** Robust DPO (rDPO): unbiased under label flips of a known rate. Not R-DPO, which is about length. */
export interface RobustDpoConfig {
  readonly name: "rdpo";
  /** Strength of the KL penalty to the reference. Default 0.1. */
  readonly beta: number;
  /** Probability that a label is flipped. Default 0.1; 0 is DPO. */
  readonly epsilon: number;
}

/**
 * L = [-(1 - epsilon) log sigmoid(z) + epsilon log sigmoid(-z)] / (1 - 2 epsilon).
 *
 * Its expectation over flips of rate epsilon is the DPO loss of the clean label. It has no lower
 * bound: for large z it falls as -epsilon z / (1 - 2 epsilon), so negative values are no error.
 */
export const robustDpo: LossDefinition<RobustDpoConfig> = {
  title: "rDPO (robust)",
  source: "Ray Chowdhury et al. 2024, arXiv 2403.00409; TRL's robust",
  defaults: { name: "rdpo", beta: 0.1, epsilon: 0.1 },
  rules: { beta: positive, epsilon: flipRate },
  usesReference: true,
  reward: ({ beta }, policyLogp, referenceLogp) => beta * (policyLogp - referenceLogp),
  pair: ({ beta, epsilon }, { margin: z }) => {
    const scale = 1 / (1 - 2 * epsilon);
    const slope = (-(1 - epsilon) * sigmoid(-z) - epsilon * sigmoid(z)) * scale;
    return {
      loss: (-(1 - epsilon) * logSigmoid(z) + epsilon * logSigmoid(-z)) * scale,
      chosenGrad: beta * slope,
      rejectedGrad: -beta * slope,
    };
  },
};
