import { logSigmoid, sigmoid } from "./log_sigmoid.ts";
import type { LossDefinition } from "./loss_definition.ts";
import { nonNegative, positive } from "./option_rules.ts";

/** Contrastive preference optimisation: DPO with a uniform reference, and a likelihood term. */
export interface CpoConfig {
  readonly name: "cpo";
  /** Scale of the difference of log-probabilities. Default 0.1. */
  readonly beta: number;
  /** Weight of the chosen response's negative log-likelihood per token. Default 1. */
  readonly alpha: number;
}

/**
 * L = -log sigmoid(beta (l_w - l_l)) - alpha l_w / |y_w|.
 *
 * The likelihood term is averaged over tokens, as in TRL; TRL averages over the batch's tokens, here
 * each pair has its own average.
 */
export const cpo: LossDefinition<CpoConfig> = {
  title: "CPO",
  source: "Xu et al. 2024, arXiv 2401.08417",
  defaults: { name: "cpo", beta: 0.1, alpha: 1 },
  rules: { beta: positive, alpha: nonNegative },
  usesReference: false,
  reward: ({ beta }, policyLogp) => beta * policyLogp,
  pair: ({ beta, alpha }, { margin, policyChosenLogp, chosenLength }) => {
    const slope = -sigmoid(-margin);
    return {
      loss: -logSigmoid(margin) - alpha * policyChosenLogp / chosenLength,
      chosenGrad: beta * slope - alpha / chosenLength,
      rejectedGrad: -beta * slope,
    };
  },
};
