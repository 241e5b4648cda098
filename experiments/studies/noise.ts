import { smallLanguage } from "../../lib/environments/small_language/environment.ts";
import { tunedPlain } from "../../lib/environments/small_language/tuned.ts";
import { methods } from "../../lib/sera/methods.ts";
import { defineStudy } from "../../lib/study/study.ts";
import type { LossOptionsOf } from "../../lib/sera/config.ts";
import {
  bootstrapOnly,
  dpo,
  dpoPath,
  dpoPathIds,
  irm70,
  lossArms,
  random70,
  relabelOnly,
  sera,
  type SharedArm,
} from "../arms.ts";
import { goldClaim } from "../claims.ts";
import { anchored20, flipped, otherNoise } from "../conditions.ts";

const paper =
  "SeRA improves the direct alignment algorithms that it is added to, under noise, too.";

/** The losses of the paper's comparison beside DPO, with the power of their claims. */
const main = [
  ["ipo", "IPO", { seeds: 16, exploratorySd: 0.137 }],
  ["slic", "SLiC", { seeds: 12, exploratorySd: 0.107 }],
  ["simpo", "SimPO", { seeds: 16, exploratorySd: 0.309 }],
] as const;
/** Further direct alignment losses. */
const more = [
  ["slic-hf", "SLiC-HF"],
  ["r-dpo", "R-DPO"],
  ["cpo", "CPO"],
  ["orpo", "ORPO"],
  ["kto", "KTO"],
] as const;

/** Losses made for noise, at DPO's rate and beta; those with an epsilon are told the flip rate. */
const robust = ([
  ["cdpo", "cDPO"],
  ["rdpo", "rDPO"],
  ["ropo", "ROPO"],
  ["dr-dpo", "Dr. DPO"],
  ["wdpo", "wDPO"],
] as const).map(([name, label]): SharedArm => ({
  id: name,
  label,
  sera: (setting) => {
    const { loss, ...tuned } = tunedPlain("dpo", setting);
    const epsilon = name === "cdpo" || name === "rdpo" ? { epsilon: setting.flipRate } : {};
    return {
      ...{ ...methods.plain, ...tuned },
      loss: { ...loss, ...epsilon, name } as LossOptionsOf,
    };
  },
}));

/** Label noise: each loss plain, with selection and with SeRA, and each part of SeRA alone. */
export const noise = defineStudy({
  id: "noise",
  title: "SeRA under label noise",
  question:
    "How much of the harm of wrong labels does SeRA undo, for which loss and which kind of " +
    "noise, and which of its parts does it?",
  environment: smallLanguage,
  firstSeed: 200,
  conditions: [...[0, 10, 20, 30, 40].map(flipped), ...otherNoise, anchored20],
  arms: [
    ...[dpo, sera, irm70, random70],
    ...[bootstrapOnly, relabelOnly].map((arm) => ({ ...arm, only: ["noise-20", "noise-40"] })),
    ...main.flatMap(([name, label]) => lossArms(name, label))
      .map((arm) => ({ ...arm, only: ["noise-20", "noise-40"] })),
    ...more.flatMap(([name, label]) => lossArms(name, label))
      .map((arm) => ({ ...arm, only: ["noise-20"] })),
    ...robust.map((arm) => ({ ...arm, only: ["noise-20", "noise-40"] })),
    ...dpoPath.map((arm) => ({ ...arm, only: ["noise-20"] })),
  ],
  matched: [
    { id: "dpo-at-kl", label: "DPO at SeRA's KL", to: "sera", among: dpoPathIds, by: "kl" },
    {
      id: "dpo-at-time",
      label: "DPO in SeRA's time",
      to: "sera",
      among: dpoPathIds,
      by: "totalTrainingSeconds",
    },
  ],
  claims: [
    ...([[20, 8, 0.075], [40, 16, 0.178]] as const).map(([percent, seeds, exploratorySd]) =>
      goldClaim({
        id: `sera-over-dpo-at-${percent}`,
        text: `With ${percent} % flipped, SeRA on DPO has a higher gold reward than DPO alone.`,
        paper,
        condition: `noise-${percent}`,
        arm: "sera",
        baseline: "dpo",
        ...{ seeds, exploratorySd },
      })
    ),
    ...main.map(([name, label, power]) =>
      goldClaim({
        id: `sera-over-${name}-at-20`,
        text: `With 20 % flipped, SeRA on ${label} has a higher gold reward than ${label} alone.`,
        paper,
        condition: "noise-20",
        arm: `${name}-sera`,
        baseline: name,
        ...power,
      })
    ),
    goldClaim({
      id: "sera-over-dpo-at-its-kl",
      text:
        "With 20 % flipped, SeRA has a higher gold reward than the point of DPO's own path that " +
        "is nearest to it in KL.",
      condition: "noise-20",
      arm: "sera",
      baseline: "dpo-at-kl",
      ...{ seeds: 16, exploratorySd: 0.335 },
    }),
    goldClaim({
      id: "sera-over-dpo-anchored",
      text: "With 20 % flipped and an NLL anchor of 0.3, SeRA has a higher gold reward than DPO " +
        "with the same anchor.",
      condition: "noise-20-anchored",
      arm: "sera",
      baseline: "dpo",
      ...{ seeds: 16, exploratorySd: 0.144 },
    }),
  ],
  headline: "sera-over-dpo-at-20",
  presets: {
    smoke: {
      seeds: 2,
      includes: ({ condition, arm }) => condition === "noise-20" && ["dpo", "sera"].includes(arm),
    },
    quick: {
      seeds: 3,
      includes: ({ condition, arm }) =>
        ["noise-20", "noise-40"].includes(condition) &&
        ["dpo", "sera", "irm-70", "random-70", "ipo", "ipo-sera", "simpo", "simpo-sera"].includes(
          arm,
        ),
    },
    full: { seeds: 4 },
  },
});
