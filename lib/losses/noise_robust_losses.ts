import { logRatioReward } from "./log_ratio_reward.ts";
import { logSigmoid, sigmoid } from "./log_sigmoid.ts";
import type { LossDefinition } from "./loss_definition.ts";
import { flipRate, positive, share } from "./option_rules.ts";
import { dpo } from "./reference_losses.ts";
import { sparseFlips } from "./sparse_flips.ts";
import { tailCaps } from "./tail_caps.ts";

/** Conservative DPO: label smoothing. */
export interface CdpoConfig {
  readonly name: "cdpo";
  /** Strength of the KL penalty to the reference. Default 0.1. */
  readonly beta: number;
  /** Assumed probability that a label is flipped. Default 0.1; 0 is DPO. */
  readonly epsilon: number;
}

/** L = -(1 - epsilon) log sigmoid(z) - epsilon log sigmoid(-z): least at sigmoid(z) = 1 - epsilon. */
const cdpo: LossDefinition<CdpoConfig> = {
  title: "cDPO",
  source: "Mitchell 2023, A note on DPO with noisy preferences",
  defaults: { name: "cdpo", beta: 0.1, epsilon: 0.1 },
  rules: { beta: positive, epsilon: flipRate },
  usesReference: true,
  reward: logRatioReward,
  pair: ({ beta, epsilon }, { margin: z }) => {
    const slope = -(1 - epsilon) * sigmoid(-z) + epsilon * sigmoid(z);
    return {
      loss: -(1 - epsilon) * logSigmoid(z) - epsilon * logSigmoid(-z),
      chosenGrad: beta * slope,
      rejectedGrad: -beta * slope,
    };
  },
};

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
const robustDpo: LossDefinition<RobustDpoConfig> = {
  title: "rDPO (robust)",
  source: "Ray Chowdhury et al. 2024, arXiv 2403.00409; TRL's robust",
  defaults: { name: "rdpo", beta: 0.1, epsilon: 0.1 },
  rules: { beta: positive, epsilon: flipRate },
  usesReference: true,
  reward: logRatioReward,
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
const ropo: LossDefinition<RopoConfig> = {
  title: "ROPO",
  source: "Liang et al. 2024, arXiv 2404.04102",
  defaults: { name: "ropo", beta: 0.1, alpha: 14 },
  rules: { beta: positive, alpha: positive },
  usesReference: true,
  reward: logRatioReward,
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

/** Distributionally robust DPO: pairs of high loss count less. Couples the pairs of a batch. */
export interface DrDpoConfig {
  readonly name: "dr-dpo";
  /** Strength of the KL penalty to the reference. Default 0.1. */
  readonly beta: number;
  /** The paper's beta': how evenly pairs count. Default 1; towards infinity it is DPO. */
  readonly betaPrime: number;
}

/**
 * L = -b log mean_i exp(-L_i / b), b = betaPrime, L_i the DPO loss of pair i.
 *
 * Every entry of `losses` is L, and pair i's gradient is that of L_i times B softmax(-L / b)_i.
 */
const drDpo: LossDefinition<DrDpoConfig> = {
  title: "Dr. DPO",
  source: "Wu et al. 2024, arXiv 2407.07880",
  defaults: { name: "dr-dpo", beta: 0.1, betaPrime: 1 },
  rules: { beta: positive, betaPrime: positive },
  usesReference: true,
  reward: logRatioReward,
  pair: ({ beta }, terms) => dpo.pair({ name: "dpo", beta }, terms),
  coupleBatch: ({ betaPrime }, pairs) => {
    const least = pairs.losses.reduce((a, b) => Math.min(a, b));
    const odds = pairs.losses.map((loss) => Math.exp((least - loss) / betaPrime));
    const meanOdds = odds.reduce((a, b) => a + b) / odds.length;
    const weights = odds.map((value) => value / meanOdds); // B softmax(-L / b)
    return {
      ...pairs,
      losses: pairs.losses.map(() => least - betaPrime * Math.log(meanOdds)),
      chosenGrads: pairs.chosenGrads.map((grad, i) => grad * (weights[i] as number)),
      rejectedGrads: pairs.rejectedGrads.map((grad, i) => grad * (weights[i] as number)),
    };
  },
};

/** Winsorised DPO: turns a few labels round in part and caps large losses. Couples the batch. */
export interface WdpoConfig {
  readonly name: "wdpo";
  /** Strength of the KL penalty to the reference. Default 0.1. */
  readonly beta: number;
  /** Mean weight of labels turned round. Default 0.15; 0 is off. */
  readonly flipBudget: number;
  /** Of choosing them: smaller is sparser. Default 1. */
  readonly flipTemperature: number;
  /** Quantile of the batch's losses where the tail begins. Default 0.7. */
  readonly tailQuantile: number;
  /** Largest mean weight of caps, approached as margins turn negative. Default 0.5; 0 is off. */
  readonly capBudget: number;
  /** Share of an update's steps in which no label is turned round. Default 0.3. */
  readonly warmup: number;
}

/** The authors' constants: the least cap budget, and that of the warm-up. */
const LEAST_CAP_BUDGET = 0.02, WARMUP_CAP_BUDGET = 0.15;

/**
 * L_i = (1 - r_i) M_i + r_i T, M_i = (1 - p_i) [-log sigmoid(z_i)] + p_i [-log sigmoid(-z_i)].
 *
 * p is `sparseFlips` of the batch's margins; T and r are `tailCaps` of M with a budget of
 * b_0 + (capBudget - b_0) mean_i sigmoid(-z_i / mean |z|). No gradient flows through p, r and T. As
 * the authors' code has it, whose batches are those of one device; here they are whole.
 */
const wdpo: LossDefinition<WdpoConfig> = {
  title: "wDPO",
  source: "Liu et al. 2026, arXiv 2603.07211, by the authors' code (CompassDPO, trainers_wDPO.py)",
  defaults: {
    ...{ name: "wdpo", beta: 0.1, flipBudget: 0.15, flipTemperature: 1 },
    ...{ tailQuantile: 0.7, capBudget: 0.5, warmup: 0.3 },
  },
  rules: {
    ...{ beta: positive, flipBudget: share, flipTemperature: positive },
    ...{ tailQuantile: share, capBudget: share, warmup: share },
  },
  usesReference: true,
  reward: logRatioReward,
  pair: ({ beta }, terms) => dpo.pair({ name: "dpo", beta }, terms),
  coupleBatch: (config, pairs, progress) => {
    const { beta, flipBudget, flipTemperature, tailQuantile, capBudget, warmup } = config;
    const { margins } = pairs;
    const warm = progress >= warmup;
    const flips = sparseFlips(margins, warm ? flipBudget : 0, flipTemperature);
    const mixed = margins.map((z, i) => {
      const p = flips[i] as number;
      return -(1 - p) * logSigmoid(z) - p * logSigmoid(-z);
    });
    const budget = warm ? adaptiveBudget(margins, capBudget) : WARMUP_CAP_BUDGET;
    const caps = tailCaps(mixed, tailQuantile, Math.min(budget, capBudget));
    const kept = caps.weights.map((weight) => 1 - weight);
    const slopes = margins.map((z, i) => (kept[i] as number) * ((flips[i] as number) - sigmoid(-z)) // dL/dz
    );
    return {
      ...pairs,
      losses: mixed.map((loss, i) =>
        (kept[i] as number) * loss + (caps.weights[i] as number) * caps.threshold
      ),
      chosenGrads: slopes.map((slope) => beta * slope),
      rejectedGrads: slopes.map((slope) => -beta * slope),
    };
  },
};

function adaptiveBudget(margins: Float64Array, largest: number): number {
  const least = Math.min(LEAST_CAP_BUDGET, largest);
  const meanOf = (values: Float64Array) => values.reduce((a, b) => a + b) / values.length;
  const scale = Math.max(meanOf(margins.map(Math.abs)), 1e-12);
  return least + (largest - least) * meanOf(margins.map((z) => sigmoid(-z / scale)));
}

/** Losses for labels that are partly wrong, all of DPO's margin. */
export const noiseRobustLosses = {
  "cdpo": cdpo,
  "rdpo": robustDpo,
  "ropo": ropo,
  "dr-dpo": drDpo,
  "wdpo": wdpo,
};
