import { smallLanguage } from "../../lib/environments/small_language/environment.ts";
import { defineStudy } from "../../lib/study/study.ts";
import {
  dpo,
  dpoPath,
  dpoPathIds,
  irm70,
  matched70,
  random70,
  relabelOnly,
  selectionArm,
} from "../arms.ts";
import { goldClaim } from "../claims.ts";
import { anchored20, flipped } from "../conditions.ts";

const paper = "Pairs chosen by implicit reward margin train a better policy than random ones.";
const at20 = { condition: "noise-20", arm: "irm-70" };
const only = ["noise-20"];

/** Random selection against selection by implicit reward margin. */
export const selection = defineStudy({
  id: "selection",
  title: "Random selection against selection by implicit reward margin",
  question:
    "Does keeping the pairs with the largest implicit reward margin drop wrong labels and " +
    "train a better policy than keeping as many at random, and is it more than moving further?",
  environment: smallLanguage,
  firstSeed: 200,
  conditions: [...[0, 20, 40].map(flipped), anchored20],
  arms: [
    ...[dpo, irm70, random70, selectionArm("oracle", 0.7), matched70, relabelOnly],
    ...[
      ...(["middle", "bottom"] as const).map((rule) => selectionArm(rule, 0.7)),
      ...[0.3, 0.5, 0.9].flatMap((keep) =>
        (["top", "random", "middle", "bottom"] as const).map((rule) => selectionArm(rule, keep))
      ),
      {
        id: "random-fixed-70",
        label: "random 70 %, fixed",
        sera: { selection: { rule: "random" as const, keep: 0.7, fixed: true }, bootstrap: null },
      },
      ...dpoPath,
    ].map((arm) => ({ ...arm, only })),
  ],
  matched: [
    { id: "dpo-at-kl", label: "DPO at IRM's KL", to: "irm-70", among: dpoPathIds, by: "kl" },
  ],
  claims: [
    ...([[20, 16, 0.29], [40, 8, 0.063]] as const).map(([noise, seeds, exploratorySd]) =>
      goldClaim({
        id: `irm-over-random-at-${noise}`,
        text:
          `With ${noise} % flipped, IRM selection (70 %) has a higher gold reward than random ` +
          "selection (70 %).",
        paper,
        condition: `noise-${noise}`,
        arm: "irm-70",
        baseline: "random-70",
        ...{ seeds, exploratorySd },
      })
    ),
    goldClaim({
      ...at20,
      id: "irm-over-dpo-at-20",
      text:
        "With 20 % flipped, IRM selection (70 %) has a higher gold reward than training on all " +
        "pairs.",
      paper,
      baseline: "dpo",
      ...{ seeds: 16, exploratorySd: 0.254 },
    }),
    goldClaim({
      ...at20,
      id: "irm-over-dpo-at-its-kl",
      text: "With 20 % flipped, IRM selection (70 %) has a higher gold reward than the point of " +
        "DPO's own path (steps, rates, iterations) that is nearest to it in KL.",
      baseline: "dpo-at-kl",
      ...{ seeds: 16, exploratorySd: 0.241 },
    }),
    goldClaim({
      ...at20,
      id: "irm-over-relabel-at-20",
      text: "With 20 % flipped, dropping the pairs that the margin doubts beats relabelling them.",
      baseline: "relabel",
      ...{ seeds: 8, exploratorySd: 0.065 },
    }),
    goldClaim({
      ...at20,
      id: "irm-over-matched-at-20",
      text:
        "With 20 % flipped, IRM selection beats a random draw with as many flips: it does more " +
        "than drop flips.",
      baseline: "matched-70",
      ...{ seeds: 16, exploratorySd: 0.235 },
    }),
    goldClaim({
      id: "irm-over-random-anchored",
      text: "With 20 % flipped and an NLL anchor of 0.3, IRM selection (70 %) has a higher gold " +
        "reward than random selection with the same anchor.",
      condition: "noise-20-anchored",
      arm: "irm-70",
      baseline: "random-70",
      ...{ seeds: 8, exploratorySd: 0.031 },
    }),
    goldClaim({
      id: "irm-over-random-at-0",
      text: "Without flips, IRM selection (70 %) has a higher gold reward than random selection.",
      paper,
      condition: "noise-0",
      arm: "irm-70",
      baseline: "random-70",
      ...{ seeds: 8, exploratorySd: 0.073 },
    }),
  ],
  headline: "irm-over-random-at-20",
  presets: {
    smoke: {
      seeds: 2,
      includes: ({ condition, arm }) =>
        condition === "noise-20" && ["dpo", "irm-70", "random-70"].includes(arm),
    },
    quick: {
      seeds: 3,
      includes: ({ condition, arm }) =>
        ["dpo", "irm-70", "random-70"].includes(arm) ||
        condition === "noise-20" && ["matched-70", "relabel", "oracle-70"].includes(arm),
    },
    full: { seeds: 4, beside: ({ arm }) => ["oracle-70"].includes(arm) },
  },
});
