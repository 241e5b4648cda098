/** Arms that several studies share: one run serves them all. */
import type { SmallLanguageSetting } from "../lib/environments/small_language/setting.ts";
import { tunedPlain } from "../lib/environments/small_language/tuned.ts";
import type { LossName } from "../lib/losses/loss_table.ts";
import { methods } from "../lib/sera/methods.ts";
import type { SelectionRule } from "../lib/selection/selection_rule.ts";
import type { SeraOptions } from "../lib/sera/config.ts";

/** An arm of any study in the small language. */
export interface SharedArm {
  readonly id: string;
  readonly label: string;
  readonly sera: SeraOptions | ((setting: SmallLanguageSetting) => SeraOptions);
}

/** Plain DPO: every pair, every iteration. */
export const dpo: SharedArm = { id: "dpo", label: "DPO", sera: methods.plain };

/** The paper's method on DPO: selection and bootstrapping. */
export const sera: SharedArm = { id: "sera", label: "SeRA", sera: methods.sera };

/** Selection by implicit reward margin alone, 70 % kept. */
export const irm70: SharedArm = { id: "irm-70", label: "IRM 70 %", sera: methods.select };

/** Random selection of as many pairs, drawn anew in each iteration. */
export const random70: SharedArm = { id: "random-70", label: "random 70 %", sera: methods.random };

/** A random 70 % of the offline pairs and as many self-labelled pairs as SeRA has. */
export const bootstrapOnly: SharedArm = {
  id: "bootstrap",
  label: "bootstrap, random 70 %",
  sera: { ...methods.random, bootstrap: {} },
};

/** Every offline pair and as many self-labelled pairs as SeRA has. */
export const bootstrapAll: SharedArm = {
  id: "bootstrap-all",
  label: "bootstrap, all pairs",
  sera: methods.bootstrap,
};

/** Every pair, relabelled by the policy's own margins. */
export const relabelOnly: SharedArm = {
  id: "relabel",
  label: "relabel only",
  sera: methods.relabel,
};

/** Random pairs, but with as many flips among them as IRM 70 % keeps. */
export const matched70: SharedArm = {
  id: "matched-70",
  label: "random, flips as IRM",
  sera: { selection: { rule: "matched", keep: 0.7 }, bootstrap: null },
};

/**
 * The explicit reward model of arms that ask one: as many steps as a whole run, at the rate of the best
 * held-out accuracy on a tuning seed (`experiments/studies/tuning.md`).
 */
export const rewardModel = { steps: 240, learningRate: 3e-3 } as const;

/** SeRA whose own pairs the reward model labels. */
export const seraJudged: SharedArm = {
  id: "sera-judged",
  label: "SeRA, reward model judges",
  sera: { ...methods.sera, bootstrap: { judge: "explicit" }, rewardModel },
};

/** SeRA whose offline pairs are ranked by policies that never saw them. */
export const seraCrossFitted: SharedArm = {
  id: "sera-cross-fitted",
  label: "SeRA, cross-fitted",
  sera: { ...methods.sera, crossFit: 2 },
};

/** SeRA by rewards per token. */
export const seraPerToken: SharedArm = {
  id: "sera-per-token",
  label: "SeRA, margins per token",
  sera: { ...methods.sera, margin: "per-token" },
};

/** Selection alone by a rule that keeps a share. */
export function selectionArm(
  rule: "top" | "bottom" | "middle" | "random" | "oracle",
  keep: number,
): SharedArm {
  const name = rule === "top" ? "irm" : rule;
  const percent = Math.round(100 * keep);
  const selection: SelectionRule = rule === "oracle"
    ? { rule, keep, order: "random" }
    : { rule, keep };
  return {
    id: `${name}-${percent}`,
    label: `${rule === "top" ? "IRM" : rule} ${percent} %`,
    sera: { selection, bootstrap: null },
  };
}

/** A loss plain, with IRM selection, and with SeRA: at what its plain arm was tuned to. */
export function lossArms(name: LossName, label: string): SharedArm[] {
  const arm = (id: string, title: string, method: SeraOptions): SharedArm => ({
    id,
    label: title,
    sera: (setting) => ({ ...method, ...tunedPlain(name, setting) }),
  });
  return [
    arm(name, label, methods.plain),
    arm(`${name}-irm`, `${label} + IRM`, methods.select),
    arm(`${name}-sera`, `${label} + SeRA`, methods.sera),
  ];
}

/** DPO's own path beyond `dpo`: more steps, and higher rates, to match other arms from. */
export const dpoPath: readonly SharedArm[] = [
  ...[2, 4].map((factor): SharedArm => ({
    id: `dpo-rate-${factor}`,
    label: `DPO, ${factor} times the rate`,
    sera: (setting) => ({
      ...methods.plain,
      learningRate: factor * (tunedPlain("dpo", setting).learningRate ?? NaN),
    }),
  })),
  ...[2, 4].map((factor): SharedArm => ({
    id: `dpo-steps-${factor}`,
    label: `DPO, ${factor} times the steps`,
    sera: { ...methods.plain, steps: 80 * factor },
  })),
];

/** Ids of DPO's path, `dpo` included. */
export const dpoPathIds: readonly string[] = [dpo, ...dpoPath].map(({ id }) => id);
