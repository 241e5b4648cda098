import { dpo } from "./dpo.ts";
import type { LossDefinition } from "./loss_definition.ts";
import { positive } from "./option_rules.ts";

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
export const drDpo: LossDefinition<DrDpoConfig> = {
  title: "Dr. DPO",
  source: "Wu et al. 2024, arXiv 2407.07880",
  defaults: { name: "dr-dpo", beta: 0.1, betaPrime: 1 },
  rules: { beta: positive, betaPrime: positive },
  usesReference: true,
  reward: ({ beta }, policyLogp, referenceLogp) => beta * (policyLogp - referenceLogp),
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
