import { smallLanguage } from "../../lib/environments/small_language/environment.ts";
import type { SmallLanguageSetting } from "../../lib/environments/small_language/setting.ts";
import { methods } from "../../lib/sera/methods.ts";
import type { Claim } from "../../lib/study/claim.ts";
import { type ArmDefinition, defineStudy } from "../../lib/study/study.ts";
import { bootstrapOnly, dpo, irm70, random70, relabelOnly, sera } from "../arms.ts";

/** The losses of the paper's comparison beside DPO. */
const losses = [["ipo", "IPO"], ["slic-hf", "SLiC-HF"], ["simpo", "SimPO"]] as const;
const core = ["dpo", "sera", "irm-70", "random-70"];
const paper = "SeRA improves every direct alignment algorithm it is added to, most under noise.";

/** A loss that is told the flip rate. */
const robust = (name: "cdpo" | "rdpo", label: string): ArmDefinition<SmallLanguageSetting> => ({
  id: name,
  label,
  sera: ({ flipRate }) => ({
    ...methods.plain,
    loss: { name, beta: 0.2, epsilon: flipRate },
  }),
});

const seraOver = (baseline: string, condition: string, text: string): Claim => ({
  id: `sera-over-${baseline}-at-${condition.replace("noise-", "")}`,
  text,
  paper,
  metric: "gold",
  condition,
  arm: losses.some(([name]) => name === baseline) ? `${baseline}-sera` : "sera",
  baseline,
  direction: "higher",
  smallestEffect: 0.05,
});

/** Label noise: each loss plain and with SeRA, and each part of SeRA alone. */
export const noise = defineStudy({
  id: "noise",
  title: "SeRA under label noise",
  question:
    "How much of the harm of wrong labels does SeRA undo, for which loss, and which of its " +
    "parts does it?",
  environment: smallLanguage,
  conditions: [
    ...[0, 20, 40].map((percent) => ({
      id: `noise-${percent}`,
      label: `${percent} % flipped`,
      setting: { flipRate: percent / 100 },
    })),
    ...[0, 1].map((nllAlpha) => ({
      id: `noise-20-alpha-${nllAlpha}`,
      label: `20 % flipped, NLL anchor ${nllAlpha}`,
      setting: { flipRate: 0.2 },
      sera: { nllAlpha },
    })),
  ],
  arms: [
    dpo,
    sera,
    ...losses.flatMap(([name, label]) => [
      { id: name, label, sera: { ...methods.plain, loss: { name } } },
      { id: `${name}-sera`, label: `${label} + SeRA`, sera: { ...methods.sera, loss: { name } } },
    ]),
    robust("cdpo", "cDPO"),
    robust("rdpo", "rDPO"),
    ...[irm70, bootstrapOnly, relabelOnly, random70],
    {
      id: "dpo-more",
      label: "DPO, twice the rate",
      sera: { ...methods.plain, learningRate: 1e-3 },
    },
  ],
  claims: [
    ...([["dpo", "DPO"], ...losses] as const).flatMap(([name, label]) =>
      [0, 20, 40].map((percent) =>
        seraOver(
          name,
          `noise-${percent}`,
          `With ${percent} % flipped, SeRA on ${label} has a higher gold reward than ${label} alone.`,
        )
      )
    ),
    ...([["rdpo", "rDPO"], ["cdpo", "cDPO"]] as const).map(([name, label]) =>
      seraOver(
        ...[name, "noise-40"] as const,
        `With 40 % flipped, SeRA on DPO beats ${label}, which is told the flip rate.`,
      )
    ),
    ...[0, 1].map((alpha) =>
      seraOver(
        ...["dpo", `noise-20-alpha-${alpha}`] as const,
        `With 20 % flipped and the NLL anchor at ${alpha}, SeRA has a higher gold reward than DPO.`,
      )
    ),
  ],
  headline: "sera-over-dpo-at-20",
  presets: {
    smoke: {
      seeds: 2,
      includes: ({ flipRate, alpha, arm }) =>
        flipRate === 0.2 && alpha === 0.3 && ["dpo", "sera"].includes(arm),
    },
    quick: {
      seeds: 3,
      includes: ({ flipRate, alpha, arm }) =>
        flipRate === 0.2 && alpha === 0.3 ||
        flipRate === 0.4 && [...core, "rdpo"].includes(arm) ||
        alpha === 0 && core.includes(arm),
    },
    full: {
      seeds: 5,
      claimSeeds: 10,
      beside: ({ arm, alpha }) => arm !== "dpo-more" && alpha === 0.3,
      includes: ({ arm, alpha }) => alpha === 0.3 || core.includes(arm),
    },
  },
});
