import type { LossDefinition } from "./loss_definition.ts";
import { flag, positive } from "./option_rules.ts";

/** Identity preference optimisation. */
export interface IpoConfig {
  readonly name: "ipo";
  /** Strength of the regularisation: the loss is least where delta = 1 / (2 tau). Default 0.1. */
  readonly tau: number;
  /**
   * False (default): log-probabilities summed over tokens, as the paper writes it. True: averaged
   * over tokens, as TRL does.
   */
  readonly average: boolean;
}

/** L = (delta - 1 / (2 tau))^2, delta = rho_w - rho_l, or rho_w / |y_w| - rho_l / |y_l|. */
export const ipo: LossDefinition<IpoConfig> = {
  title: "IPO",
  source: "Azar et al. 2023, arXiv 2310.12036, eq. 17",
  defaults: { name: "ipo", tau: 0.1, average: false },
  rules: { tau: positive, average: flag },
  usesReference: true,
  // tau takes the place of beta, as in TRL: the loss is least at a margin of 1/2.
  reward: ({ tau, average }, policyLogp, referenceLogp, length) =>
    tau * (policyLogp - referenceLogp) / (average ? length : 1),
  pair: ({ tau, average }, { margin, chosenLength, rejectedLength }) => {
    const error = (margin - 0.5) / tau; // delta - 1 / (2 tau)
    return {
      loss: error * error,
      chosenGrad: 2 * error / (average ? chosenLength : 1),
      rejectedGrad: -2 * error / (average ? rejectedLength : 1),
    };
  },
};
