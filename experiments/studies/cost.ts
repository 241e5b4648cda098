import { smallLanguage } from "../../lib/environments/small_language/environment.ts";
import { defineStudy } from "../../lib/study/study.ts";
import { dpo, irm70, sera } from "../arms.ts";

/** Seconds of scoring, generation and update, against plain DPO. */
export const cost = defineStudy({
  id: "cost",
  title: "What SeRA costs",
  question: "How much time do scoring and generation add to an iteration of plain DPO, and how " +
    "does each part grow with the number of pairs and with their length?",
  environment: smallLanguage,
  conditions: [
    ...[500, 2000, 4000].map((pairs) => ({
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
  arms: [dpo, irm70, sera],
  // Times are compared within this study alone: no run is shared with one that ran beside other work.
  firstSeed: 250,
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
    full: { seeds: 6 }, // a ratio of times from two seeds has an interval that says nothing
  },
});
