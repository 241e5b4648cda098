import { smallLanguage } from "../../lib/environments/small_language/environment.ts";
import { methods } from "../../lib/sera/methods.ts";
import type { Claim } from "../../lib/study/claim.ts";
import { defineStudy } from "../../lib/study/study.ts";
import { dpo, irm70, random70, relabelOnly, sera } from "../arms.ts";

const atMost = (id: string, arm: string, label: string, factor: number): Claim => ({
  id,
  text: `With 2000 pairs, ${label} takes as long as plain DPO within a factor of ${factor}.`,
  metric: "totalTrainingSeconds",
  log: true,
  condition: "pairs-2000",
  arm,
  baseline: "dpo",
  direction: "same",
  smallestEffect: Math.log(factor),
});

/** Seconds of scoring, generation and update, against plain DPO. */
export const cost = defineStudy({
  id: "cost",
  title: "What SeRA costs",
  question: "How much time do scoring and generation add to an iteration of plain DPO, and how " +
    "does each part grow with the number of pairs and with their length?",
  environment: smallLanguage,
  conditions: [
    ...[500, 1000, 2000, 4000].map((pairs) => ({
      id: `pairs-${pairs}`,
      label: `${pairs} pairs`,
      setting: { pairs },
      sera: { steps: Math.round(pairs / 25) }, // as many passes over the pairs
    })),
    ...[6, 12].map((clauses) => ({
      id: `clauses-${clauses}`,
      label: `${clauses} clauses`,
      setting: { clauses, pairs: 1000 },
      sera: { steps: 40 },
    })),
  ],
  arms: [
    ...[dpo, irm70, sera, random70, relabelOnly],
    { id: "simpo", label: "SimPO", sera: { ...methods.plain, loss: { name: "simpo" } } },
  ],
  claims: [
    atMost("selection-within-25-percent", "irm-70", "IRM selection", 1.25),
    {
      ...atMost("sera-within-twice", "sera", "SeRA", 2),
      paper: "SeRA needs no second model and little more than the training itself.",
    },
  ],
  headline: "sera-within-twice",
  // Times are compared within this study alone: no run is shared with one that ran beside other work.
  firstSeed: 50,
  presets: {
    smoke: {
      seeds: 2,
      includes: ({ pairs, arm }) => pairs === 500 && ["dpo", "sera"].includes(arm),
    },
    quick: {
      seeds: 2,
      includes: ({ condition, arm }) =>
        ["pairs-500", "pairs-2000", "clauses-6"].includes(condition) &&
        ["dpo", "irm-70", "sera"].includes(arm),
    },
    full: { seeds: 5 },
  },
});
