import { logSigmoid, sigmoid } from "./log_sigmoid.ts";
import type { LossDefinition } from "./loss_definition.ts";
import { nonNegative } from "./option_rules.ts";

/** Odds ratio preference optimisation: likelihood of the chosen response, and an odds ratio. */
export interface OrpoConfig {
  readonly name: "orpo";
  /** Weight of the odds ratio (TRL's beta). Default 0.1. */
  readonly lambda: number;
}

/**
 * The largest average log-probability that the odds are computed for: at 0 they are infinite. A
 * response that the policy is certain of, or of a log-probability rounded to above 0, is taken as this.
 */
const LARGEST_AVERAGE_LOGP = -1e-12;

/** p = l / |y|, the average log-probability, below 0. */
function averageLogp(policyLogp: number, length: number): number {
  return Math.min(policyLogp / length, LARGEST_AVERAGE_LOGP);
}

/** o = p - log(1 - e^p), the log-odds of the average probability of a token. */
function logOdds(p: number): number {
  return p - (p < -Math.LN2 ? Math.log1p(-Math.exp(p)) : Math.log(-Math.expm1(p)));
}

/** do/dp = 1 / (1 - e^p). */
function logOddsSlope(p: number): number {
  return -1 / Math.expm1(p);
}

/** L = -l_w / |y_w| - lambda log sigmoid(o_w - o_l). The implicit reward is o. */
export const orpo: LossDefinition<OrpoConfig> = {
  title: "ORPO",
  source: "Hong et al. 2024, arXiv 2403.07691, eq. 6 and 7",
  defaults: { name: "orpo", lambda: 0.1 },
  rules: { lambda: nonNegative },
  usesReference: false,
  reward: (_, policyLogp, __, length) => logOdds(averageLogp(policyLogp, length)),
  pair: ({ lambda }, terms) => {
    const { margin, policyChosenLogp, policyRejectedLogp, chosenLength, rejectedLength } = terms;
    const slope = -lambda * sigmoid(-margin);
    const chosenSlope = logOddsSlope(averageLogp(policyChosenLogp, chosenLength));
    const rejectedSlope = logOddsSlope(averageLogp(policyRejectedLogp, rejectedLength));
    return {
      loss: -policyChosenLogp / chosenLength - lambda * logSigmoid(margin),
      chosenGrad: (slope * chosenSlope - 1) / chosenLength,
      rejectedGrad: -slope * rejectedSlope / rejectedLength,
    };
  },
};
