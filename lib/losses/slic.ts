import type { LossDefinition } from "./loss_definition.ts";
import { positive } from "./option_rules.ts";

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
 * reference, is `slic-hf`: see `slic_hf.ts`.
 */
export const slic: LossDefinition<SlicConfig> = {
  title: "SLiC",
  source: "Tang et al. 2024, arXiv 2402.05749 (GPO); Liu et al. 2023, arXiv 2309.06657 (RSO, " +
    "hinge-norm); TRL's hinge",
  defaults: { name: "slic", beta: 0.1 },
  rules: { beta: positive },
  usesReference: true,
  reward: ({ beta }, policyLogp, referenceLogp) => beta * (policyLogp - referenceLogp),
  pair: ({ beta }, { margin }) => {
    const slope = margin < 1 ? -1 : 0;
    return {
      loss: Math.max(0, 1 - margin),
      chosenGrad: beta * slope,
      rejectedGrad: slope === 0 ? 0 : beta,
    };
  },
};
