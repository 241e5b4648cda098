import type { LossDefinition } from "./loss_definition.ts";
import { nonNegative } from "./option_rules.ts";

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
 * preference pairs do not carry. TRL's loss of the name `hinge` is `slic`: see `slic.ts`.
 */
export const slicHf: LossDefinition<SlicHfConfig> = {
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
