import type { Claim } from "../../lib/evaluation/claim.ts";
import { noiseConditions, plainDpo, selectionArm } from "./arms.ts";
import type { Study } from "./study.ts";

const RULES = ["top", "random", "bottom", "middle", "oracle"] as const;
const KEEPS = [0.3, 0.5, 0.7, 0.9] as const;
const SELECTION_IS_BETTER =
  "Pairs chosen by implicit reward margin train a better policy than pairs chosen at random.";

function goldClaim(
  noise: number,
  arm: string,
  baseline: string,
  text: string,
  paper: string,
): Claim {
  return {
    id: `${arm}-over-${baseline}-at-${noise}`,
    text,
    paper,
    metric: "gold",
    condition: `noise-${noise}`,
    arm,
    baseline,
    direction: "higher",
    smallestEffect: 0.05,
  };
}

/** Random selection against selection by implicit reward margin. */
export const selectionStudy: Study = {
  id: "selection",
  title: "Random selection against selection by implicit reward margin",
  question:
    "Does keeping the pairs with the largest implicit reward margin drop wrong labels and " +
    "train a better policy than keeping as many at random?",
  conditions: noiseConditions,
  arms: [plainDpo, ...RULES.flatMap((rule) => KEEPS.map((keep) => selectionArm(rule, keep)))],
  claims: [
    ...[20, 40].map((noise) =>
      goldClaim(
        noise,
        "irm-70",
        "random-70",
        `With ${noise} % of the labels flipped, IRM selection (70 %) has a higher gold reward than ` +
          "random selection (70 %).",
        SELECTION_IS_BETTER,
      )
    ),
    goldClaim(
      0,
      "irm-70",
      "random-70",
      "With no label flipped, IRM selection (70 %) has a higher gold reward than random selection.",
      SELECTION_IS_BETTER,
    ),
    goldClaim(
      20,
      "irm-70",
      "dpo",
      "With 20 % flipped, IRM selection (70 %) has a higher gold reward than training on all pairs.",
      "Training on the selected pairs beats training on all of them.",
    ),
    ...["middle-70", "bottom-70"].map((baseline) =>
      goldClaim(
        20,
        "irm-70",
        baseline,
        `With 20 % flipped, the largest margins beat the ${baseline.split("-")[0]} of the ranking.`,
        "The largest margins are the ones to keep (later papers disagree on the band).",
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
  headlines: [
    "irm-70-over-random-70-at-0",
    "irm-70-over-random-70-at-20",
    "irm-70-over-random-70-at-40",
    "irm-70-over-dpo-at-20",
    "fewer-flips-at-20",
    "fewer-flips-at-40",
  ],
  presets: {
    smoke: {
      seeds: 2,
      includes: (arm, condition) =>
        condition === "noise-20" && ["dpo", "irm-70", "random-70"].includes(arm),
    },
    quick: {
      seeds: 3,
      includes: (arm, condition) =>
        condition === "noise-20"
          ? arm === "dpo" || arm.endsWith("-70") || arm === "irm-50"
          : ["dpo", "irm-70", "random-70"].includes(arm),
    },
    full: { seeds: 5, claimSeeds: 10 },
  },
};
