import type { LossDefinition } from "./loss_definition.ts";
import { positive } from "./option_rules.ts";

/** The hinge loss on DPO's margin, from statistical rejection sampling optimisation (RSO). */
export interface HingeConfig {
  readonly name: "hinge";
  /** Scale of the margin; 1 / beta is the margin in nats that is enough. Default 0.1. */
  readonly beta: number;
}

/** L = max(0, 1 - z), z = beta (rho_w - rho_l). */
export const hinge: LossDefinition<HingeConfig> = {
  title: "Hinge (RSO)",
  source: "Liu et al. 2023, arXiv 2309.06657, the loss hinge-norm; TRL's hinge",
  defaults: { name: "hinge", beta: 0.1 },
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
