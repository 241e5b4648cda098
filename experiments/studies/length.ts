import { smallLanguage } from "../../lib/environments/small_language/environment.ts";
import type { SmallLanguageSetting } from "../../lib/environments/small_language/setting.ts";
import type { Claim } from "../../lib/study/claim.ts";
import { type Condition, defineStudy } from "../../lib/study/study.ts";
import { bootstrapOnly, dpo, irm70, lossArms, random70, sera, seraPerToken } from "../arms.ts";

const paper = "SeRA lessens the length exploitation of direct alignment algorithms.";

const confounds: readonly Condition<SmallLanguageSetting>[] = [
  { id: "none", label: "no worth of length" },
  {
    id: "all-0.5",
    label: "in every label, 0.5",
    setting: { lengthConfound: 0.5, confoundOn: "all" },
  },
  {
    id: "near-ties-1",
    label: "in near-ties, 1",
    setting: { lengthConfound: 1, confoundOn: "near-ties" },
  },
  {
    id: "annotator-1",
    label: "for one annotator in five, 1",
    setting: { lengthConfound: 1, confoundOn: "annotator" },
  },
  {
    id: "reward-0.25",
    label: "in the gold reward, 0.25",
    setting: { lengthConfound: 0.25, confoundOn: "reward" },
  },
  {
    id: "all-0.5-anchored",
    label: "in every label, 0.5, NLL anchor 0.3",
    setting: { lengthConfound: 0.5, confoundOn: "all" },
    sera: { nllAlpha: 0.3 },
  },
];

/** Less than half a token, a fifth of the standard deviation of lengths, does not matter. */
const shorter = (
  condition: string,
  arm: string,
  text: string,
  power: Pick<Claim, "seeds" | "exploratorySd">,
): Claim => ({
  id: `${arm}-shorter-at-${condition}`,
  text,
  paper,
  metric: "length",
  condition,
  arm,
  baseline: "dpo",
  direction: "lower",
  smallestEffect: 0.5,
  ...power,
});

/** Length bias: where length is worth something to annotators, or truly. */
export const length = defineStudy({
  id: "length",
  title: "Labels with a taste for length",
  question:
    "When labels prefer long responses for no reason, in all labels or in some, does SeRA " +
    "keep the policy from growing long, and what does it do where length truly earns reward?",
  environment: smallLanguage,
  firstSeed: 200,
  base: { setting: { flipRate: 0 } },
  conditions: confounds,
  arms: [
    ...[dpo, sera, irm70, random70],
    { ...bootstrapOnly, only: ["none", "all-0.5"] },
    ...lossArms("simpo", "SimPO").filter(({ id }) => id === "simpo"),
    ...lossArms("r-dpo", "R-DPO").filter(({ id }) => id !== "r-dpo-irm"),
    { ...seraPerToken, only: ["all-0.5", "near-ties-1", "all-0.5-anchored"] },
  ],
  claims: [
    shorter(
      ...["all-0.5", "sera"] as const,
      "Where every label has a taste for length (0.5), SeRA's responses are shorter than DPO's.",
      { seeds: 12, exploratorySd: 0.563 },
    ),
    shorter(
      ...["near-ties-1", "sera"] as const,
      "Where only near-ties are decided by length (1), SeRA's responses are shorter than DPO's.",
      { seeds: 16, exploratorySd: 0.791 },
    ),
  ],
  headline: "sera-shorter-at-all-0.5",
  presets: {
    smoke: {
      seeds: 2,
      includes: ({ condition, arm }) => condition === "all-0.5" && ["dpo", "sera"].includes(arm),
    },
    quick: {
      seeds: 2,
      includes: ({ condition, arm }) =>
        ["none", "all-0.5", "near-ties-1"].includes(condition) &&
        ["dpo", "irm-70", "sera"].includes(arm),
    },
    full: { seeds: 4 },
  },
});
