import { smallLanguage } from "../../lib/environments/small_language/environment.ts";
import { methods } from "../../lib/sera/methods.ts";
import type { SeraOptions } from "../../lib/sera/config.ts";
import type { ScoreName } from "../../lib/selection/selection_rule.ts";
import type { Claim } from "../../lib/study/claim.ts";
import { defineStudy } from "../../lib/study/study.ts";
import {
  dpo,
  dpoPath,
  irm70,
  lossArms,
  random70,
  rewardModel,
  sera,
  type SharedArm,
} from "../arms.ts";
import { goldClaim } from "../claims.ts";
import { flipped } from "../conditions.ts";

const anchor = { nllAlpha: 0.3 } as const;

/** Selection by what a reward model that was trained on the same labels says. */
const byRewardModel = (by: ScoreName): SeraOptions => ({
  selection: { rule: "top", keep: 0.7, by },
  ...{ bootstrap: null, rewardModel },
});

/** An arm, and what the first studies found of it against plain DPO with 20 % flipped. */
interface Recipe {
  readonly arm: SharedArm;
  /** What the claim calls it. */
  readonly name: string;
  /** SD of its paired differences from plain DPO there. */
  readonly exploratorySd: number;
}

const ofLoss = (id: string): SharedArm => {
  const arms = [
    ...lossArms("simpo", "SimPO"),
    ...lossArms("orpo", "ORPO"),
    ...lossArms("ipo", "IPO"),
    ...lossArms("r-dpo", "R-DPO"),
    ...dpoPath,
  ];
  return arms.find((arm) => arm.id === id) as SharedArm;
};

/**
 * Of each idea the arm that was the highest above plain DPO in the first studies, where that was 0.1
 * or more; those that are told the flips are left out.
 */
const recipes: readonly Recipe[] = [
  { arm: ofLoss("simpo-irm"), name: "SimPO with IRM selection", exploratorySd: 0.088 },
  {
    arm: {
      id: "m-ap-70",
      label: "reward model − |margin|",
      sera: byRewardModel("explicit-minus-implicit"),
    },
    name: "DPO with selection by a reward model minus the margin (M_AP)",
    exploratorySd: 0.075,
  },
  { arm: ofLoss("orpo-sera"), name: "ORPO with SeRA", exploratorySd: 0.063 },
  {
    arm: {
      id: "explicit-70-anchored",
      label: "reward model + anchor",
      sera: { ...byRewardModel("explicit"), ...anchor },
    },
    name: "DPO with selection by a reward model and an NLL anchor of 0.3",
    exploratorySd: 0.041,
  },
  { arm: ofLoss("r-dpo"), name: "R-DPO", exploratorySd: 0.077 },
  {
    arm: {
      id: "irm-70-anchored",
      label: "IRM 70 % + anchor",
      sera: { ...methods.select, ...anchor },
    },
    name: "DPO with IRM selection and an NLL anchor of 0.3",
    exploratorySd: 0.156,
  },
  {
    arm: {
      id: "middle-40",
      label: "middle 40 %",
      sera: { selection: { rule: "middle", keep: 0.4 }, bootstrap: null },
    },
    name: "DPO on the middle 40 % of the margins",
    exploratorySd: 0.134,
  },
  { arm: ofLoss("ipo-sera"), name: "IPO with SeRA", exploratorySd: 0.122 },
  { arm: ofLoss("dpo-steps-2"), name: "DPO with twice the steps", exploratorySd: 0.207 },
];

/** Fresh seeds of every claim: see "Enough seeds" in `experiments/plan.md`. */
const SEEDS = 64;

const at20 = (
  claim: Pick<Claim, "id" | "text" | "arm" | "baseline" | "exploratorySd"> & { paper?: string },
): Claim => goldClaim({ ...claim, condition: "noise-20", seeds: SEEDS });

/** The first studies' undecided questions and best arms, on fresh seeds, and enough of them. */
export const where_to_begin = defineStudy({
  id: "where_to_begin",
  title: "Where to begin: enough seeds",
  question:
    "On fresh seeds, and four times as many of them, which method gains on plain DPO, and does it " +
    "still where the labels are other than expected?",
  environment: smallLanguage,
  firstSeed: 400,
  conditions: [
    ...[20, 0, 40].map(flipped),
    {
      id: "all-0.5",
      label: "no flips, length liked in every label, 0.5",
      setting: { flipRate: 0, lengthConfound: 0.5, confoundOn: "all" },
    },
  ],
  arms: [
    ...[dpo, random70, irm70, sera],
    { id: "dpo-anchored", label: "DPO + anchor", sera: { ...methods.plain, ...anchor } },
    ...recipes.map(({ arm }) => arm),
    // Added once the claims had been judged: what of a recipe is its loss, what selection and what own pairs.
    ...["orpo", "ipo", "orpo-irm", "ipo-irm"].map(ofLoss),
  ],
  claims: [
    at20({
      id: "irm-over-random",
      text: "With 20 % flipped, IRM selection (70 %) has a higher gold reward than random " +
        "selection (70 %): once more, on fresh seeds.",
      ...{ arm: "irm-70", baseline: "random-70", exploratorySd: 0.257 },
    }),
    at20({
      id: "irm-over-dpo",
      text: "With 20 % flipped, IRM selection (70 %) has a higher gold reward than training on " +
        "all pairs: once more, on fresh seeds.",
      ...{ arm: "irm-70", baseline: "dpo", exploratorySd: 0.275 },
    }),
    at20({
      id: "sera-over-dpo",
      text: "With 20 % flipped, SeRA on DPO has a higher gold reward than DPO alone: once more, " +
        "on fresh seeds.",
      paper: "SeRA improves the direct alignment algorithms that it is added to, under noise, too.",
      ...{ arm: "sera", baseline: "dpo", exploratorySd: 0.535 },
    }),
    ...recipes.map(({ arm, name, exploratorySd }) =>
      at20({
        id: `${arm.id}-over-dpo`,
        text: `With 20 % flipped, ${name} has a higher gold reward than plain DPO.`,
        ...{ arm: arm.id, baseline: "dpo", exploratorySd },
      })
    ),
  ],
  headline: "simpo-irm-over-dpo",
  presets: {
    smoke: {
      seeds: 2,
      includes: ({ condition, arm }) =>
        condition === "noise-20" && ["dpo", "simpo-irm"].includes(arm),
    },
    quick: {
      seeds: 2,
      includes: ({ condition, arm }) =>
        condition === "noise-20" &&
        ["dpo", "irm-70", "sera", "simpo-irm", "irm-70-anchored"].includes(arm),
    },
    full: { seeds: 12, beside: ({ condition }) => condition === "noise-20" },
  },
});
