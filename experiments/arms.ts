/** Arms that several studies share: one run serves them all. */
import { methods } from "../lib/sera/methods.ts";
import type { SelectionRule } from "../lib/selection/selection_rule.ts";
import type { SeraOptions } from "../lib/sera/config.ts";

/** An arm of any study. */
export interface SharedArm {
  readonly id: string;
  readonly label: string;
  readonly sera: SeraOptions;
}

/** Plain DPO: every pair, every iteration. */
export const dpo: SharedArm = { id: "dpo", label: "DPO", sera: methods.plain };

/** The paper's method on DPO: selection and bootstrapping. */
export const sera: SharedArm = { id: "sera", label: "SeRA", sera: methods.sera };

/** Selection by implicit reward margin alone, 70 % kept. */
export const irm70: SharedArm = { id: "irm-70", label: "IRM 70 %", sera: methods.select };

/** Random selection of as many pairs. */
export const random70: SharedArm = { id: "random-70", label: "random 70 %", sera: methods.random };

/** A random 70 % of the offline pairs and as many self-labelled pairs as SeRA has. */
export const bootstrapOnly: SharedArm = {
  id: "bootstrap",
  label: "bootstrap only",
  sera: { ...methods.random, bootstrap: {} },
};

/** Every pair, relabelled by the policy's own margins. */
export const relabelOnly: SharedArm = {
  id: "relabel",
  label: "relabel only",
  sera: methods.relabel,
};

/** Selection alone by a rule that keeps a share. */
export function selectionArm(
  rule: "top" | "bottom" | "middle" | "random" | "oracle",
  keep: number,
): SharedArm {
  const name = rule === "top" ? "irm" : rule;
  const percent = Math.round(100 * keep);
  const selection: SelectionRule = rule === "oracle"
    ? { rule, keep, order: "random", fill: false }
    : { rule, keep };
  return {
    id: `${name}-${percent}`,
    label: `${rule === "top" ? "IRM" : rule} ${percent} %`,
    sera: { selection, bootstrap: null },
  };
}
