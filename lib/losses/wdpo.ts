import { dpo } from "./dpo.ts";
import { logSigmoid, sigmoid } from "./log_sigmoid.ts";
import type { LossDefinition } from "./loss_definition.ts";
import { positive, share } from "./option_rules.ts";
import { sparseFlips } from "./sparse_flips.ts";
import { tailCaps } from "./tail_caps.ts";

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
export const wdpo: LossDefinition<WdpoConfig> = {
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
  reward: ({ beta }, policyLogp, referenceLogp) => beta * (policyLogp - referenceLogp),
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
