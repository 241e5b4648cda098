import type { Claim } from "../../lib/evaluation/claim.ts";
import type { EnsembleWeighting } from "../../lib/margins/ensemble.ts";
import { condition, methodArm } from "./arms.ts";
import { KEEP, ON_POLICY } from "./settings.ts";
import type { Arm, Study } from "./study.ts";

const GAMMAS = [0.1, 0.3, 0.5, 0.7, 0.9] as const;
const ENSEMBLE_HELPS =
  "The ensemble over past policies (coefficient 0.3) makes the selection more " +
  "robust.";

function gammaArm(id: string, label: string, weighting: EnsembleWeighting, gamma: number): Arm {
  return methodArm(id, label, {
    selection: { rule: "top", keep: KEEP },
    onPolicy: ON_POLICY,
    ensemble: { weighting, gamma, window: 3 },
  });
}

const claims = [3, 6].flatMap((iterations): Claim[] => {
  const shared = {
    condition: `iterations-${iterations}`,
    arm: "ema-0.3",
    baseline: "gamma-0",
    paper: ENSEMBLE_HELPS,
    direction: "higher" as const,
  };
  return [
    {
      ...shared,
      id: `gold-at-${iterations}`,
      text: `After ${iterations} iterations, gamma 0.3 has a higher gold reward than gamma 0.`,
      metric: "gold",
      smallestEffect: 0.05,
    },
    {
      ...shared,
      id: `jaccard-at-${iterations}`,
      text: `After ${iterations} iterations, gamma 0.3 keeps more of the previous selection.`,
      metric: "jaccard",
      smallestEffect: 0.02,
    },
    {
      ...shared,
      id: `flips-at-${iterations}`,
      text: `After ${iterations} iterations, gamma 0.3 keeps a smaller share of flipped pairs.`,
      metric: "flippedSelected",
      direction: "lower",
      smallestEffect: 0.01,
    },
  ];
});

/** The coefficient of the ensemble over past policies. It acts from the third iteration on. */
export const gammaStudy: Study = {
  id: "gamma",
  title: "The ensemble coefficient gamma",
  question:
    "What does averaging the implicit rewards of past policies change, by how much of the " +
    "past it weighs and over how many iterations?",
  conditions: [3, 6].map((iterations) =>
    condition(`iterations-${iterations}`, `${iterations} iterations`, { iterations }, {
      method: { iterations },
    })
  ),
  arms: [
    gammaArm("gamma-0", "gamma 0", "ema", 0),
    ...GAMMAS.map((gamma) => gammaArm(`ema-${gamma}`, `EMA, gamma ${gamma}`, "ema", gamma)),
    ...GAMMAS.map((gamma) =>
      gammaArm(`two-term-${gamma}`, `two terms, gamma ${gamma}`, "two-term", gamma)
    ),
    gammaArm("uniform", "uniform", "uniform", 1),
  ],
  claims,
  headlines: ["gold-at-3", "flips-at-3", "gold-at-6", "flips-at-6"],
  presets: {
    smoke: {
      seeds: 2,
      includes: (arm, condition) =>
        condition === "iterations-3" && ["gamma-0", "ema-0.3"].includes(arm),
    },
    quick: {
      seeds: 3,
      includes: (arm, condition) =>
        condition === "iterations-3"
          ? ["gamma-0", "ema-0.3", "ema-0.9"].includes(arm)
          : ["gamma-0", "ema-0.3"].includes(arm),
    },
    full: { seeds: 5, claimSeeds: 10 },
  },
};
