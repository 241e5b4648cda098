import { smallLanguage } from "../../lib/environments/small_language/environment.ts";
import { methods } from "../../lib/sera/methods.ts";
import type { Claim } from "../../lib/study/claim.ts";
import { defineStudy } from "../../lib/study/study.ts";
import { dpo, irm70, random70, sera } from "../arms.ts";

const paper = "SeRA lessens the length exploitation of direct alignment algorithms.";

const seraAgainstDpo = (rho: number): Claim[] => {
  const shared = { condition: `confound-${rho}`, arm: "sera", baseline: "dpo", paper };
  return [
    {
      ...shared,
      id: `shorter-at-${rho}`,
      text: `With confound ${rho}, SeRA's responses are shorter than DPO's.`,
      metric: "length",
      direction: "lower",
      smallestEffect: 0.25,
    },
    {
      ...shared,
      id: `gold-at-${rho}`,
      text: `With confound ${rho}, SeRA has a higher gold reward than DPO.`,
      metric: "gold",
      direction: "higher",
      smallestEffect: 0.05,
    },
    {
      ...shared,
      id: `reward-length-correlation-at-${rho}`,
      text: `With confound ${rho}, SeRA's implicit reward correlates less with length than DPO's.`,
      metric: "rewardLengthCorrelation",
      direction: "lower",
      smallestEffect: 0.05,
    },
  ];
};

/** Length bias: labels that prefer longer responses by a tunable amount. */
export const length = defineStudy({
  id: "length",
  title: "Labels with a taste for length",
  question: "When labels prefer long responses for no reason, does SeRA keep the policy from " +
    "growing long, and what do the losses made for that do?",
  environment: smallLanguage,
  base: { setting: { flipRate: 0 } },
  conditions: [0, 0.25, 0.5, 1].map((lengthConfound) => ({
    id: `confound-${lengthConfound}`,
    label: `confound ${lengthConfound}`,
    setting: { lengthConfound },
  })),
  arms: [
    ...[dpo, sera, irm70, random70],
    { id: "simpo", label: "SimPO", sera: { ...methods.plain, loss: { name: "simpo" } } },
    {
      id: "ln-dpo",
      label: "length-normalised DPO",
      sera: { ...methods.plain, loss: { name: "length-normalised-dpo" } },
    },
    ...[0.05, 0.2].map((alpha) => ({
      id: `r-dpo-${alpha}`,
      label: `R-DPO, a ${alpha}`,
      sera: { ...methods.plain, loss: { name: "r-dpo" as const, beta: 0.2, alpha } },
    })),
  ],
  claims: [
    ...[0.5, 1].flatMap(seraAgainstDpo),
    {
      id: "irm-enriches-longer",
      text: "With confound 0.5, the pairs that IRM selection keeps prefer longer responses more " +
        "than random pairs do.",
      metric: "lengthDifferenceSelected",
      condition: "confound-0.5",
      arm: "irm-70",
      baseline: "random-70",
      direction: "higher",
      smallestEffect: 0.1,
    },
  ],
  headline: "shorter-at-0.5",
  presets: {
    smoke: {
      seeds: 2,
      includes: ({ lengthConfound, arm }) =>
        lengthConfound === 0.5 && ["dpo", "sera"].includes(arm),
    },
    quick: {
      seeds: 3,
      includes: ({ lengthConfound, arm }) =>
        lengthConfound === 0.5 || lengthConfound !== 0.25 && ["dpo", "sera"].includes(arm),
    },
    full: { seeds: 5, claimSeeds: 10 },
  },
});
