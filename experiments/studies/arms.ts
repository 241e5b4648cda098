import type { LossName } from "../../lib/losses/loss_table.ts";
import { defaultLossSpec } from "../../lib/losses/loss_spec.ts";
import type { LossSpec } from "../../lib/losses/loss_table.ts";
import type { SelectionRule } from "../../lib/selection/selection_rule.ts";
import type { MethodConfig, SpecPatch } from "./run_config.ts";
import { baseSpec, KEEP, ON_POLICY } from "./settings.ts";
import type { Arm, Condition } from "./study.ts";

/** Plain DPO: every pair, every iteration. */
export const plainDpo: Arm = { id: "dpo", label: "DPO", patch: {} };

/** Selection by implicit reward margin alone, 70 % kept. */
export const irmSelection: Arm = methodArm("irm-70", "IRM 70 %", {
  selection: { rule: "top", keep: KEEP },
});

/** Random selection of as many pairs. */
export const randomSelection: Arm = methodArm("random-70", "random 70 %", {
  selection: { rule: "random", keep: KEEP },
});

/** The paper's method: selection and bootstrapping. */
export const sera: Arm = methodArm("sera", "SeRA", {
  selection: { rule: "top", keep: KEEP },
  onPolicy: ON_POLICY,
});

/** A random 70 % of the offline pairs and as many self-labelled pairs as SeRA has. */
export const bootstrapOnly: Arm = methodArm("bootstrap", "bootstrap only", {
  selection: { rule: "random", keep: KEEP },
  onPolicy: ON_POLICY,
});

/** Every pair, relabelled by the policy's own margins. */
export const relabelOnly: Arm = methodArm("relabel", "relabel only", { relabel: true });

/** An arm that changes the method only. */
export function methodArm(id: string, label: string, method: Partial<MethodConfig>): Arm {
  return { id, label, patch: { method } };
}

/** Selection by a rule that keeps a share, with the share in the arm's name. */
export function selectionArm(
  rule: "top" | "bottom" | "middle" | "random" | "oracle",
  keep: number,
): Arm {
  const name = rule === "top" ? "irm" : rule;
  const label = rule === "top" ? "IRM" : rule;
  const selection: SelectionRule = rule === "oracle"
    ? { rule, keep: { fraction: keep }, order: "random", fill: false }
    : { rule, keep: { fraction: keep } };
  const percent = Math.round(100 * keep);
  return methodArm(`${name}-${percent}`, `${label} ${percent} %`, { selection });
}

/** The base spec's DPO, or another loss with its defaults and some options of its own. */
export function lossOf(name: LossName, options: object = {}): LossSpec {
  const defaults = name === "dpo" ? baseSpec("full", 0).method.loss : defaultLossSpec(name);
  return { ...defaults, ...options } as LossSpec;
}

/** A condition that changes one named value. */
export function condition(
  id: string,
  label: string,
  values: Condition["values"],
  patch: SpecPatch,
): Condition {
  return { id, label, values, patch };
}

/** Flip rates of 0, 20 and 40 %. */
export const noiseConditions: readonly Condition[] = [0, 20, 40].map((percent) =>
  condition(`noise-${percent}`, `${percent} % flipped`, { flipRate: percent / 100 }, {
    data: { flipRate: percent / 100 },
  })
);
