import { logRatioReward } from "./log_ratio_reward.ts";
import { logSigmoid, sigmoid } from "./log_sigmoid.ts";
import type { LossDefinition } from "./loss_definition.ts";
import { flag, nonNegative, positive } from "./option_rules.ts";

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
  reward: logRatioReward,
  pair: ({ beta }, { margin }) => {
    const slope = -sigmoid(-margin); // dL/dz
    return { loss: -logSigmoid(margin), chosenGrad: beta * slope, rejectedGrad: -beta * slope };
  },
};

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
const ipo: LossDefinition<IpoConfig> = {
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

/** SLiC as comparisons of direct alignment losses have it: the hinge on DPO's margin. */
export interface SlicConfig {
  readonly name: "slic";
  /** Scale of the margin; 1 / beta is the margin in nats that is enough. Default 0.1. */
  readonly beta: number;
}

/**
 * L = max(0, 1 - z), z = beta (rho_w - rho_l).
 *
 * GPO's table names it SLiC, RSO hinge-norm, TRL `hinge`. The form of SLiC's own paper, without a
 * reference, is `slic-hf`: see `reference_free_losses.ts`.
 */
const slic: LossDefinition<SlicConfig> = {
  title: "SLiC",
  source: "Tang et al. 2024, arXiv 2402.05749 (GPO); Liu et al. 2023, arXiv 2309.06657 (RSO, " +
    "hinge-norm); TRL's hinge",
  defaults: { name: "slic", beta: 0.1 },
  rules: { beta: positive },
  usesReference: true,
  reward: logRatioReward,
  pair: ({ beta }, { margin }) => {
    const slope = margin < 1 ? -1 : 0;
    return {
      loss: Math.max(0, 1 - margin),
      chosenGrad: beta * slope,
      rejectedGrad: slope === 0 ? 0 : beta,
    };
  },
};

/** Kahneman-Tversky optimisation, on pairs: chosen is desirable, rejected undesirable. */
export interface KtoConfig {
  readonly name: "kto";
  /** Risk aversion: how fast the value of a log-ratio saturates. Default 0.1. */
  readonly beta: number;
  /** The paper's lambda_D: weight of chosen responses. Default 1. */
  readonly desirableWeight: number;
  /** The paper's lambda_U: weight of rejected responses. Default 1. */
  readonly undesirableWeight: number;
}

/**
 * L = lambda_D [1 - sigmoid(beta (rho_w - z0))] + lambda_U [1 - sigmoid(beta (z0 - rho_l))].
 *
 * The reference point z0 = max(0, mean rho of mismatched prompts and responses), in nats, estimates
 * KL(policy || reference); it is shared by the batch and no gradient flows through it. A pair counts
 * both its responses, so the batch loss is twice TRL's, which averages over single responses.
 */
const kto: LossDefinition<KtoConfig> = {
  title: "KTO",
  source: "Ethayarajh et al. 2024, arXiv 2402.01306, eq. 7 and 8; TRL's KTOTrainer",
  defaults: { name: "kto", beta: 0.1, desirableWeight: 1, undesirableWeight: 1 },
  rules: { beta: positive, desirableWeight: nonNegative, undesirableWeight: nonNegative },
  usesReference: true,
  reward: logRatioReward,
  pair: ({ beta, desirableWeight, undesirableWeight }, terms) => {
    const chosen = beta *
      (terms.policyChosenLogp - terms.referenceChosenLogp - terms.referencePoint);
    const rejected = beta *
      (terms.referencePoint - terms.policyRejectedLogp + terms.referenceRejectedLogp);
    return {
      loss: desirableWeight * sigmoid(-chosen) + undesirableWeight * sigmoid(-rejected),
      chosenGrad: -desirableWeight * beta * sigmoid(chosen) * sigmoid(-chosen),
      rejectedGrad: undesirableWeight * beta * sigmoid(rejected) * sigmoid(-rejected),
    };
  },
  referencePoint: (policyLogps, referenceLogps) => {
    const sum = policyLogps.reduce(
      (total, logp, i) => total + logp - (referenceLogps[i] as number),
      0,
    );
    return Math.max(0, sum / policyLogps.length);
  },
};

/** R-DPO: DPO with a penalty on length. Not rDPO, which is about label noise. */
export interface LengthRegularisedDpoConfig {
  readonly name: "r-dpo";
  /** Strength of the KL penalty to the reference. Default 0.1. */
  readonly beta: number;
  /** Price of one token, in units of reward. Default 0.01 (meant to be swept); 0 is DPO. */
  readonly alpha: number;
}

/**
 * L = -log sigmoid(beta (rho_w - rho_l) + alpha (|y_w| - |y_l|)).
 *
 * The sign follows from the objective: maximising E[r] - alpha |y| - beta KL makes the policy
 * proportional to reference * exp((r - alpha |y|) / beta), so r = beta rho + alpha |y| up to a
 * constant of the prompt. Part of a longer response's preference is put down to its length.
 */
const lengthRegularisedDpo: LossDefinition<LengthRegularisedDpoConfig> = {
  title: "R-DPO (length-regularised)",
  source: "Park et al. 2024, arXiv 2403.19159",
  defaults: { name: "r-dpo", beta: 0.1, alpha: 0.01 },
  rules: { beta: positive, alpha: nonNegative },
  usesReference: true,
  reward: ({ beta, alpha }, policyLogp, referenceLogp, length) =>
    beta * (policyLogp - referenceLogp) + alpha * length,
  pair: ({ beta }, { margin }) => {
    const slope = -sigmoid(-margin);
    return { loss: -logSigmoid(margin), chosenGrad: beta * slope, rejectedGrad: -beta * slope };
  },
};

/** DPO on log-ratios averaged over tokens. */
export interface LengthNormalisedDpoConfig {
  readonly name: "length-normalised-dpo";
  /** Scale of the average log-ratio. Default 5. */
  readonly beta: number;
}

/** L = -log sigmoid(beta (rho_w / |y_w| - rho_l / |y_l|)). */
const lengthNormalisedDpo: LossDefinition<LengthNormalisedDpoConfig> = {
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

/** Losses of the log-ratios rho = l_policy - l_reference. */
export const referenceLosses = {
  "dpo": dpo,
  "ipo": ipo,
  "slic": slic,
  "kto": kto,
  "r-dpo": lengthRegularisedDpo,
  "length-normalised-dpo": lengthNormalisedDpo,
};
