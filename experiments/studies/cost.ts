import {
  condition,
  irmSelection,
  lossOf,
  methodArm,
  plainDpo,
  randomSelection,
  relabelOnly,
  sera,
} from "./arms.ts";
import type { Study } from "./study.ts";

const sizes = [500, 1000, 2000, 4000].map((pairs) =>
  condition(`pairs-${pairs}`, `${pairs} pairs`, { pairs }, {
    data: { pairs },
    method: { stepsPerIteration: Math.round(pairs / 25) }, // as many passes over the pairs
  })
);
const lengths = [6, 12].map((clauses) =>
  condition(`clauses-${clauses}`, `${clauses} clauses`, { clauses }, {
    world: { clauses },
    data: { pairs: 1000 },
    method: { stepsPerIteration: 40 },
  })
);

/** Seconds of scoring, generation and update, against plain DPO. */
export const costStudy: Study = {
  id: "cost",
  title: "What SeRA costs",
  question:
    "How much time do scoring and generation add to an iteration of plain DPO, and how does " +
    "each part grow with the number of pairs and with their length?",
  conditions: [...sizes, ...lengths],
  arms: [
    plainDpo,
    irmSelection,
    sera,
    randomSelection,
    relabelOnly,
    methodArm("simpo", "SimPO", { loss: lossOf("simpo") }),
  ],
  claims: [
    {
      id: "selection-within-25-percent",
      text: "With 2000 pairs, IRM selection takes as long as plain DPO within a factor of 1.25.",
      paper: "",
      metric: "logTrainingSeconds",
      condition: "pairs-2000",
      arm: "irm-70",
      baseline: "dpo",
      direction: "same",
      smallestEffect: Math.log(1.25),
    },
    {
      id: "sera-within-twice",
      text: "With 2000 pairs, SeRA takes as long as plain DPO within a factor of 2.",
      paper: "SeRA needs no second model and little more than the training itself.",
      metric: "logTrainingSeconds",
      condition: "pairs-2000",
      arm: "sera",
      baseline: "dpo",
      direction: "same",
      smallestEffect: Math.log(2),
    },
  ],
  // Times are compared within this study alone: no run is shared with one that ran beside other work.
  firstSeed: 50,
  headlines: ["selection-within-25-percent", "sera-within-twice"],
  presets: {
    smoke: {
      seeds: 2,
      includes: (arm, condition) => condition === "pairs-500" && ["dpo", "sera"].includes(arm),
    },
    quick: {
      seeds: 2,
      includes: (arm, condition) =>
        ["pairs-500", "pairs-2000", "clauses-6"].includes(condition) &&
        ["dpo", "irm-70", "sera"].includes(arm),
    },
    full: { seeds: 5 },
  },
};
