/** A study of an environment that is never run, and records as if it had been. */
import type { Environment, Setting } from "../../lib/environments/environment.ts";
import type { MetricValues } from "../../lib/metrics/metrics.ts";
import { methods } from "../../lib/sera/methods.ts";
import type { Claim } from "../../lib/study/claim.ts";
import { type PlannedRun, planStudy } from "../../lib/study/plan.ts";
import type { StudyRecord } from "../../lib/study/record.ts";
import { type StudyRow, studyRows } from "../../lib/study/rows.ts";
import { defineStudy, type PresetName } from "../../lib/study/study.ts";

/** What the paper environment is set to. */
export type PaperSetting = { readonly flipRate: number; readonly size: number };

const never = () => Promise.reject(new Error("this environment exists on paper alone"));

/** An environment that plans can be made for. */
export const onPaper: Environment<PaperSetting> = {
  name: "on paper",
  module: "file:///nowhere.ts",
  description: "an environment for tests",
  defaults: { flipRate: 0.2, size: 10 },
  texts: { flipRate: "share of labels flipped", size: "pairs" },
  sera: ({ size }) => ({ steps: size }),
  smoke: { setting: { size: 2 }, sera: { iterations: 2 } },
  shared: ({ size }, seed) => `model ${size} ${seed}`,
  makeShared: never,
  prepare: never,
};

/** A claim of the study below. */
export const claim: Claim = {
  id: "better",
  text: "SeRA is better than DPO.",
  metric: "gold",
  condition: "noise-20",
  arm: "sera",
  baseline: "dpo",
  direction: "higher",
  smallestEffect: 0.1,
  seeds: 3,
};

/** Two conditions, three arms. */
export const study = defineStudy({
  id: "sample",
  title: "A sample",
  environment: onPaper,
  conditions: [0, 0.2].map((flipRate) => ({
    id: `noise-${100 * flipRate}`,
    label: `${100 * flipRate} % flipped`,
    setting: { flipRate },
  })),
  arms: [
    { id: "dpo", label: "DPO", sera: methods.plain },
    { id: "sera", label: "SeRA", sera: methods.sera },
    {
      id: "rdpo",
      label: "rDPO",
      sera: ({ flipRate }) => ({ ...methods.plain, loss: { name: "rdpo", epsilon: flipRate } }),
    },
  ],
  claims: [claim],
  headline: "better",
  presets: {
    smoke: { seeds: 1, includes: ({ flipRate, rule }) => flipRate === 0.2 && rule === "all" },
    quick: { seeds: 2, includes: ({ arm }) => arm !== "rdpo" },
    full: { seeds: 2, beside: ({ loss }) => loss === "rdpo" },
  },
});

/** A record of a planned run with these metrics after each iteration. */
export function recordOf(
  { hash, config }: Pick<PlannedRun<Setting>, "hash" | "config">,
  iterations: readonly MetricValues[],
  samples: StudyRecord["samples"] = { gold: [[1, 1]], lengths: [[5, 5]] },
): StudyRecord {
  return {
    ...{ hash, config, iterations, samples },
    sft: { gold: 0, distinct2: 0.5, truncationRate: 0, validRate: 1 },
    // Of an older definition: rows and tables have none of it.
    warnings: [{ signature: "irm-uniformly-low", iteration: 1, detail: "" }],
    volatile: {
      iterations: iterations.map((_, i) => ({ totalTrainingSeconds: 10 * (i + 1) })),
      seconds: 3,
      environment: {},
    },
  };
}

/** Rows of a plan whose last gold reward is what a function says. */
export function rowsWithGold(
  gold: (arm: string, condition: string, seed: number) => number,
  preset: PresetName = "full",
): StudyRow<PaperSetting>[] {
  const plan = planStudy(study, preset);
  const records = new Map(plan.map((run) => {
    const last = gold(run.arm, run.condition, run.seed);
    return [run.hash, recordOf(run, [{ gold: last - 1 }, { gold: last }])] as const;
  }));
  return studyRows(plan, records);
}
