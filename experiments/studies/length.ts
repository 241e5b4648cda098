import type { Claim } from "../../lib/evaluation/claim.ts";
import {
  condition,
  irmSelection,
  lossOf,
  methodArm,
  plainDpo,
  randomSelection,
  sera,
} from "./arms.ts";
import type { Study } from "./study.ts";

const CONFOUNDS = [0, 0.25, 0.5, 1] as const;
const MITIGATES = "SeRA lessens the length exploitation of direct alignment algorithms.";

const seraAgainstDpo = ([0.5, 1] as const).flatMap((rho): Claim[] => {
  const shared = { condition: `confound-${rho}`, arm: "sera", baseline: "dpo", paper: MITIGATES };
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
});

/** Length bias: labels that prefer longer responses by a tunable amount. */
export const lengthStudy: Study = {
  id: "length",
  title: "Labels with a taste for length",
  question:
    "When labels prefer long responses for no reason, does SeRA keep the policy from growing " +
    "long, and what do the losses made for that do?",
  conditions: CONFOUNDS.map((rho) =>
    condition(`confound-${rho}`, `confound ${rho}`, { lengthConfound: rho }, {
      data: { flipRate: 0, lengthConfound: rho },
    })
  ),
  arms: [
    plainDpo,
    sera,
    irmSelection,
    randomSelection,
    methodArm("simpo", "SimPO", { loss: lossOf("simpo") }),
    methodArm("ln-dpo", "length-normalised DPO", { loss: lossOf("length-normalised-dpo") }),
    ...[0.05, 0.2].map((alpha) =>
      methodArm(`r-dpo-${alpha}`, `R-DPO, a ${alpha}`, {
        loss: lossOf("r-dpo", { beta: 0.2, alpha }),
      })
    ),
  ],
  claims: [
    ...seraAgainstDpo,
    {
      id: "irm-enriches-longer",
      text: "With confound 0.5, the pairs that IRM selection keeps prefer longer responses more " +
        "than random pairs do.",
      paper: "",
      metric: "lengthDifferenceSelected",
      condition: "confound-0.5",
      arm: "irm-70",
      baseline: "random-70",
      direction: "higher",
      smallestEffect: 0.1,
    },
  ],
  headlines: [
    "shorter-at-0.5",
    "gold-at-0.5",
    "reward-length-correlation-at-0.5",
    "irm-enriches-longer",
  ],
  presets: {
    smoke: {
      seeds: 2,
      includes: (arm, condition) => condition === "confound-0.5" && ["dpo", "sera"].includes(arm),
    },
    quick: {
      seeds: 3,
      includes: (arm, condition) =>
        condition === "confound-0.5" ||
        condition !== "confound-0.25" && ["dpo", "sera"].includes(arm),
    },
    full: { seeds: 5, claimSeeds: 10 },
  },
};
