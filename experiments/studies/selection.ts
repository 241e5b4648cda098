import { smallLanguage } from "../../lib/environments/small_language/environment.ts";
import type { Claim } from "../../lib/study/claim.ts";
import { defineStudy } from "../../lib/study/study.ts";
import { dpo, selectionArm } from "../arms.ts";

const rules = ["top", "random", "bottom", "middle", "oracle"] as const;
const paper = "Pairs chosen by implicit reward margin train a better policy than random ones.";

const goldClaim = (noise: number, arm: string, baseline: string, text: string): Claim => ({
  id: `${arm}-over-${baseline}-at-${noise}`,
  text,
  paper,
  metric: "gold",
  condition: `noise-${noise}`,
  ...{ arm, baseline },
  direction: "higher",
  smallestEffect: 0.05,
});

/** Random selection against selection by implicit reward margin. */
export const selection = defineStudy({
  id: "selection",
  title: "Random selection against selection by implicit reward margin",
  question:
    "Does keeping the pairs with the largest implicit reward margin drop wrong labels and " +
    "train a better policy than keeping as many at random?",
  environment: smallLanguage,
  conditions: [0, 20, 40].map((percent) => ({
    id: `noise-${percent}`,
    label: `${percent} % flipped`,
    setting: { flipRate: percent / 100 },
  })),
  arms: [
    dpo,
    ...rules.flatMap((rule) => [0.3, 0.5, 0.7, 0.9].map((keep) => selectionArm(rule, keep))),
  ],
  claims: [
    ...[20, 40, 0].map((noise) =>
      goldClaim(
        ...[noise, "irm-70", "random-70"] as const,
        `With ${noise} % flipped, IRM selection (70 %) has a higher gold reward than random ` +
          "selection (70 %).",
      )
    ),
    goldClaim(
      ...[20, "irm-70", "dpo"] as const,
      "With 20 % flipped, IRM selection (70 %) has a higher gold reward than training on all pairs.",
    ),
    ...["middle", "bottom"].map((band) =>
      goldClaim(
        ...[20, "irm-70", `${band}-70`] as const,
        `With 20 % flipped, the largest margins beat the ${band} of the ranking.`,
      )
    ),
    ...[20, 40].map((noise): Claim => ({
      id: `fewer-flips-at-${noise}`,
      text: `With ${noise} % flipped, the share of flipped pairs among those IRM keeps is lower ` +
        "than among random ones.",
      paper: "A wrong label shows as a small or negative margin.",
      metric: "flippedSelected",
      condition: `noise-${noise}`,
      arm: "irm-70",
      baseline: "random-70",
      direction: "lower",
      smallestEffect: 0.02,
    })),
  ],
  headline: "irm-70-over-random-70-at-20",
  presets: {
    smoke: {
      seeds: 2,
      includes: ({ flipRate, arm }) =>
        flipRate === 0.2 && ["dpo", "irm-70", "random-70"].includes(arm),
    },
    quick: {
      seeds: 3,
      includes: ({ flipRate, arm, rule, keep }) =>
        ["dpo", "irm-70", "random-70"].includes(arm) ||
        flipRate === 0.2 && (keep === 0.7 || rule === "top" && keep === 0.5),
    },
    full: { seeds: 5, claimSeeds: 10 },
  },
});
