import type { Claim } from "../../lib/evaluation/claim.ts";
import type { LossName } from "../../lib/losses/loss_table.ts";
import {
  bootstrapOnly,
  condition,
  irmSelection,
  lossOf,
  methodArm,
  noiseConditions,
  plainDpo,
  randomSelection,
  relabelOnly,
  sera,
} from "./arms.ts";
import { KEEP, ON_POLICY } from "./settings.ts";
import type { Arm, Study } from "./study.ts";

/** The four losses of the paper's comparison; DPO's two arms are the shared ones. */
const OTHER_LOSSES = [["ipo", "IPO"], ["slic-hf", "SLiC-HF"], ["simpo", "SimPO"]] as const;

function withAndWithoutSera(name: LossName, label: string): Arm[] {
  const loss = lossOf(name);
  return [
    methodArm(name, label, { loss }),
    methodArm(`${name}-sera`, `${label} + SeRA`, {
      loss,
      selection: { rule: "top", keep: KEEP },
      onPolicy: ON_POLICY,
    }),
  ];
}

/** A loss that is told the flip rate. */
function robustArm(name: "cdpo" | "rdpo", label: string): Arm {
  return {
    id: name,
    label,
    patch: (spec) => ({
      method: {
        loss: lossOf(name, { beta: 0.2, epsilon: spec.data.flipRate }),
      },
    }),
  };
}

const SERA_HELPS =
  "SeRA improves every direct alignment algorithm it is added to, most under noise.";
const CORE_ARMS = ["dpo", "sera", "irm-70", "random-70"];

const seraClaims = [["dpo", "DPO"] as const, ...OTHER_LOSSES].flatMap(([loss, label]) =>
  [0, 20, 40].map((noise): Claim => ({
    id: `sera-over-${loss}-at-${noise}`,
    text: `With ${noise} % flipped, SeRA on ${label} has a higher gold reward than ${label} alone.`,
    paper: SERA_HELPS,
    metric: "gold",
    condition: `noise-${noise}`,
    arm: loss === "dpo" ? "sera" : `${loss}-sera`,
    baseline: loss,
    direction: "higher",
    smallestEffect: 0.05,
  }))
);

/** Label noise: each loss plain and with SeRA, and each part of SeRA alone. */
export const noiseStudy: Study = {
  id: "noise",
  title: "SeRA under label noise",
  question:
    "How much of the harm of wrong labels does SeRA undo, for which loss, and which of its " +
    "parts does it?",
  conditions: [
    ...noiseConditions,
    ...[0, 1].map((alpha) =>
      condition(`noise-20-alpha-${alpha}`, `20 % flipped, NLL anchor ${alpha}`, {
        flipRate: 0.2,
        nllAlpha: alpha,
      }, { data: { flipRate: 0.2 }, method: { nllAlpha: alpha } })
    ),
  ],
  arms: [
    plainDpo,
    sera,
    ...OTHER_LOSSES.flatMap(([name, label]) => withAndWithoutSera(name, label)),
    robustArm("cdpo", "cDPO"),
    robustArm("rdpo", "rDPO"),
    irmSelection,
    bootstrapOnly,
    relabelOnly,
    randomSelection,
    methodArm("dpo-more", "DPO, twice the rate", { learningRate: 1e-3 }),
  ],
  claims: [
    ...seraClaims,
    ...([["rdpo", "rDPO"], ["cdpo", "cDPO"]] as const).map(([baseline, label]): Claim => ({
      id: `sera-over-${baseline}-at-40`,
      text: `With 40 % flipped, SeRA on DPO beats ${label}, which is told the flip rate.`,
      paper: "SeRA beats losses made for noisy labels.",
      metric: "gold",
      condition: "noise-40",
      arm: "sera",
      baseline,
      direction: "higher",
      smallestEffect: 0.05,
    })),
    ...[0, 1].map((alpha): Claim => ({
      id: `sera-over-dpo-alpha-${alpha}`,
      text:
        `With 20 % flipped and the NLL anchor at ${alpha}, SeRA has a higher gold reward than DPO.`,
      paper: SERA_HELPS,
      metric: "gold",
      condition: `noise-20-alpha-${alpha}`,
      arm: "sera",
      baseline: "dpo",
      direction: "higher",
      smallestEffect: 0.05,
    })),
  ],
  headlines: [
    "sera-over-dpo-at-0",
    "sera-over-dpo-at-20",
    "sera-over-dpo-at-40",
    "sera-over-ipo-at-0",
    "sera-over-ipo-at-20",
    "sera-over-ipo-at-40",
    "sera-over-slic-hf-at-0",
    "sera-over-slic-hf-at-20",
    "sera-over-slic-hf-at-40",
    "sera-over-simpo-at-0",
    "sera-over-simpo-at-20",
    "sera-over-simpo-at-40",
    "sera-over-rdpo-at-40",
    "sera-over-dpo-alpha-0",
    "sera-over-dpo-alpha-1",
  ],
  presets: {
    smoke: {
      seeds: 2,
      includes: (arm, condition) => condition === "noise-20" && ["dpo", "sera"].includes(arm),
    },
    quick: {
      seeds: 3,
      includes: (arm, condition) =>
        condition === "noise-20" ||
        condition === "noise-40" && [...CORE_ARMS, "rdpo"].includes(arm) ||
        condition.includes("alpha-0") && CORE_ARMS.includes(arm),
    },
    full: {
      seeds: 5,
      claimSeeds: 10,
      beside: (arm, condition) => arm !== "dpo-more" && !condition.includes("alpha"),
      includes: (arm, condition) => !condition.includes("alpha") || CORE_ARMS.includes(arm),
    },
  },
};
