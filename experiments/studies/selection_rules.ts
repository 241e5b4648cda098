import { smallLanguage } from "../../lib/environments/small_language/environment.ts";
import type { SmallLanguageSetting } from "../../lib/environments/small_language/setting.ts";
import type { SeraOptions } from "../../lib/sera/config.ts";
import type { SelectionRule } from "../../lib/selection/selection_rule.ts";
import { type ArmDefinition, defineStudy } from "../../lib/study/study.ts";
import { rewardModel } from "../arms.ts";
import { goldClaim } from "../claims.ts";
import { anchored20, flipped, otherNoise } from "../conditions.ts";

/** Every rule, each with what it needs besides; all keep the same number of pairs. */
const rules: readonly [id: string, label: string, (keep: number) => SelectionRule, SeraOptions?][] =
  [
    ["irm", "largest margin (SeRA)", (keep) => ({ rule: "top", keep })],
    ["random", "random", (keep) => ({ rule: "random", keep })],
    ["bottom", "smallest margin", (keep) => ({ rule: "bottom", keep })],
    ["small-gap", "margin nearest to 0", (keep) => ({ rule: "small-gap", keep })],
    ["middle", "middle band", (keep) => ({ rule: "middle", keep })],
    ["lossdiff-irm", "LossDiff-IRM", (keep) => ({ rule: "lossdiff-irm", keep }), { crossFit: 2 }],
    ["held-out", "lowest held-out loss", (keep) => ({ rule: "top", keep }), { crossFit: 2 }],
    ["votes", "votes of 3 folds", (keep) => ({ rule: "top", keep, by: "votes" }), { crossFit: 3 }],
    [
      "explicit",
      "reward model",
      (keep) => ({ rule: "top", keep, by: "explicit" }),
      { rewardModel },
    ],
    [
      "m-ap",
      "reward model minus margin",
      (keep) => ({ rule: "top", keep, by: "explicit-minus-implicit" }),
      { rewardModel },
    ],
    ["oracle", "oracle", (keep) => ({ rule: "oracle", keep, order: "random" })],
  ];

const arms = [0.7, 0.4].flatMap((keep) =>
  rules.map(([id, label, rule, needs = {}]): ArmDefinition<SmallLanguageSetting> => ({
    id: `${id}-${100 * keep}`,
    label: `${label}, ${100 * keep} %`,
    sera: { selection: rule(keep), bootstrap: null, ...needs },
    ...(keep === 0.7 ? {} : { only: ["noise-20"] }), // the smaller share at the base setting
  }))
);

/** Which rule for choosing pairs wins where: every rival on the same data, model and budget. */
export const selection_rules = defineStudy({
  id: "selection_rules",
  title: "Which rule wins where",
  question:
    "Largest margin, smallest, middle band, held-out loss, votes, or an explicit reward model: " +
    "which rule for keeping pairs trains the best policy, under which noise?",
  environment: smallLanguage,
  firstSeed: 200,
  conditions: [...[0, 20, 40].map(flipped), ...otherNoise, anchored20],
  arms,
  claims: [
    goldClaim({
      id: "irm-over-reward-model-at-20",
      text:
        "With 20 % flipped, selection by the implicit margin has a higher gold reward than by an " +
        "explicit reward model trained on the same labels.",
      paper: "No external reward model is needed.",
      condition: "noise-20",
      arm: "irm-70",
      baseline: "explicit-70",
      ...{ seeds: 16, exploratorySd: 0.351 },
    }),
  ],
  headline: "irm-over-reward-model-at-20",
  presets: {
    smoke: {
      seeds: 2,
      includes: ({ condition, arm }) =>
        condition === "noise-20" && ["irm-70", "random-70", "explicit-70"].includes(arm),
    },
    quick: {
      seeds: 2,
      includes: ({ condition, arm }) => condition === "noise-20" && arm.endsWith("-70"),
    },
    full: { seeds: 4 },
  },
});
