import { logSigmoid, sigmoid } from "./log_sigmoid.ts";
import type { LossDefinition } from "./loss_definition.ts";
import { nonNegative, positive } from "./option_rules.ts";

/** Sequence likelihood calibration from human feedback: reference-free. */
export interface SlicHfConfig {
  readonly name: "slic-hf";
  /** How far l_w must exceed l_l, in nats (the paper's delta). Default 1. */
  readonly margin: number;
  /** Weight of the likelihood of the regularisation target. Default 0.1. */
  readonly lambda: number;
}

/**
 * L = max(0, margin - l_w + l_l) - lambda l_w.
 *
 * The regularisation target is the chosen response: the paper also allows the SFT target, which
 * preference pairs do not carry. TRL's loss of the name `hinge` is `slic`: see `reference_losses.ts`.
 */
const slicHf: LossDefinition<SlicHfConfig> = {
  title: "SLiC-HF",
  source: "Zhao et al. 2023, arXiv 2305.10425, eq. 1",
  defaults: { name: "slic-hf", margin: 1, lambda: 0.1 },
  rules: { margin: nonNegative, lambda: nonNegative },
  usesReference: false,
  reward: (_, policyLogp) => policyLogp,
  pair: ({ margin: target, lambda }, { margin, policyChosenLogp }) => {
    const violation = target - margin;
    const slope = violation > 0 ? 1 : 0;
    return {
      loss: Math.max(0, violation) - lambda * policyChosenLogp,
      chosenGrad: -slope - lambda,
      rejectedGrad: slope,
    };
  },
};

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
const simpo: LossDefinition<SimpoConfig> = {
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
const cpo: LossDefinition<CpoConfig> = {
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

/** Odds ratio preference optimisation: likelihood of the chosen response, and an odds ratio. */
export interface OrpoConfig {
  readonly name: "orpo";
  /** Weight of the odds ratio (TRL's beta). Default 0.1. */
  readonly lambda: number;
}

/**
 * The largest average log-probability that the odds are computed for: at 0 they are infinite. A
 * response that the policy is certain of, or of a log-probability rounded to above 0, is taken as this,
 * half a step of float32 below 1: what lies nearer is rounding, and the odds' slope would be its.
 */
const LARGEST_AVERAGE_LOGP = -(2 ** -24);

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
const orpo: LossDefinition<OrpoConfig> = {
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

/** Losses that never read a reference. */
export const referenceFreeLosses = {
  "slic-hf": slicHf,
  "simpo": simpo,
  "cpo": cpo,
  "orpo": orpo,
};
