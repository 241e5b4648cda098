import { smallLanguage } from "../../lib/environments/small_language/environment.ts";
import type { SmallLanguageSetting } from "../../lib/environments/small_language/setting.ts";
import { methods } from "../../lib/sera/methods.ts";
import type { Claim } from "../../lib/study/claim.ts";
import { type Condition, defineStudy } from "../../lib/study/study.ts";
import { bootstrapOnly, irm70, sera } from "../arms.ts";

const regimes: readonly Condition<SmallLanguageSetting>[] = [
  { id: "base", label: "base" },
  { id: "responses-2", label: "2 responses", sera: { bootstrap: { responses: 2 } } },
  { id: "responses-8", label: "8 responses", sera: { bootstrap: { responses: 8 } } },
  { id: "temperature-0.7", label: "temperature 0.7", sera: { bootstrap: { temperature: 0.7 } } },
  { id: "temperature-1.3", label: "temperature 1.3", sera: { bootstrap: { temperature: 1.3 } } },
  { id: "share-0.1", label: "10 % of N pairs", sera: { bootstrap: { share: 0.1 } } },
  { id: "share-0.6", label: "60 % of N pairs", sera: { bootstrap: { share: 0.6 } } },
  { id: "prompts-4", label: "4 prompts per pair kept", sera: { bootstrap: { promptFactor: 4 } } },
  { id: "alpha-0", label: "no NLL anchor", sera: { nllAlpha: 0 } },
  { id: "alpha-1", label: "NLL anchor 1", sera: { nllAlpha: 1 } },
  { id: "pairs-500", label: "500 pairs", setting: { pairs: 500 } },
  { id: "pairs-6000", label: "6000 pairs", setting: { pairs: 6000 } },
  { id: "stop-after-2", label: "2 iterations of 120 steps", sera: { iterations: 2, steps: 120 } },
  { id: "clean", label: "no flips", setting: { flipRate: 0 } },
  {
    id: "larger-model",
    label: "larger model",
    setting: { hiddenSize: 96, intermediateSize: 192, layers: 3 },
  },
];

/** SeRA's second component: what self-labelled pairs add to selection. */
export const bootstrapping = defineStudy({
  id: "bootstrapping",
  title: "What self-labelled pairs add",
  question: "In which regime does full SeRA beat selection by implicit reward margin alone, and " +
    "how right are the labels that the policy gives itself?",
  environment: smallLanguage,
  conditions: regimes,
  arms: [
    ...[irm70, sera, bootstrapOnly],
    // Exploratory, in the base regime alone: added after the claims were fixed.
    {
      id: "irm-70-cross-fitted",
      label: "IRM 70 %, cross-fitted",
      sera: { ...methods.select, crossFit: 2 },
    },
    {
      id: "sera-cross-fitted",
      label: "SeRA, cross-fitted",
      sera: { ...methods.sera, crossFit: 2 },
    },
  ],
  claims: [
    ...regimes.map(({ id, label }): Claim => ({
      id: `sera-over-irm-${id}`,
      text: `Regime "${label}": SeRA has a higher gold reward than IRM selection alone.`,
      paper: "Pairs that the policy generates and labels itself add to the selected ones.",
      metric: "gold",
      condition: id,
      arm: "sera",
      baseline: "irm-70",
      direction: "higher",
      smallestEffect: 0.05,
    })),
    {
      id: "labels-get-worse",
      text: "SeRA's self-labelled pairs are wrong more often in iteration 3 than in iteration 2.",
      metric: "onPolicyWrong",
      condition: "base",
      arm: "sera",
      baseline: "sera",
      iteration: 3,
      baselineIteration: 2,
      direction: "higher",
      smallestEffect: 0.05,
    },
  ],
  headline: "sera-over-irm-base",
  presets: {
    smoke: {
      seeds: 2,
      includes: ({ condition, arm }) =>
        condition === "base" && ["irm-70", "sera", "sera-cross-fitted"].includes(arm),
    },
    quick: {
      seeds: 3,
      includes: ({ condition, arm }) =>
        condition === "base" ||
        ["alpha-1", "stop-after-2", "clean"].includes(condition) &&
          ["irm-70", "sera"].includes(arm),
    },
    full: {
      seeds: 5,
      claimSeeds: 10,
      includes: ({ condition, crossFit }) => condition === "base" || crossFit === 0,
    },
  },
});
