import { smallLanguage } from "../../lib/environments/small_language/environment.ts";
import { methods } from "../../lib/sera/methods.ts";
import type { Claim } from "../../lib/study/claim.ts";
import { defineStudy } from "../../lib/study/study.ts";

const gammas = [0.1, 0.3, 0.5, 0.7, 0.9];
const arm = (
  id: string,
  label: string,
  weighting: "ema" | "two-term" | "uniform",
  gamma: number,
) => ({
  id,
  label,
  sera: { ...methods.sera, ensemble: { weighting, gamma } },
});

const claimsAfter = (iterations: number): Claim[] => {
  const shared = {
    condition: `iterations-${iterations}`,
    arm: "ema-0.3",
    baseline: "gamma-0",
    paper: "The ensemble over past policies (coefficient 0.3) makes the selection more robust.",
  };
  return [
    {
      ...shared,
      id: `gold-at-${iterations}`,
      text: `After ${iterations} iterations, gamma 0.3 has a higher gold reward than gamma 0.`,
      metric: "gold",
      direction: "higher",
      smallestEffect: 0.05,
    },
    {
      ...shared,
      id: `jaccard-at-${iterations}`,
      text: `After ${iterations} iterations, gamma 0.3 keeps more of the previous selection.`,
      metric: "jaccard",
      direction: "higher",
      smallestEffect: 0.02,
    },
    {
      ...shared,
      id: `flips-at-${iterations}`,
      text: `After ${iterations} iterations, gamma 0.3 keeps a smaller share of flipped pairs.`,
      metric: "flippedSelected",
      direction: "lower",
      smallestEffect: 0.01,
    },
  ];
};

/** The coefficient of the ensemble over past policies. It acts from the third iteration on. */
export const gamma = defineStudy({
  id: "gamma",
  title: "The ensemble coefficient gamma",
  question:
    "What does averaging the implicit rewards of past policies change, by how much of the " +
    "past it weighs and over how many iterations?",
  environment: smallLanguage,
  conditions: [3, 6].map((iterations) => ({
    id: `iterations-${iterations}`,
    label: `${iterations} iterations`,
    sera: { iterations },
  })),
  arms: [
    arm("gamma-0", "gamma 0", "ema", 0),
    ...gammas.map((value) => arm(`ema-${value}`, `EMA, gamma ${value}`, "ema", value)),
    ...gammas.map((value) =>
      arm(`two-term-${value}`, `two terms, gamma ${value}`, "two-term", value)
    ),
    arm("uniform", "uniform", "uniform", 1),
  ],
  claims: [3, 6].flatMap(claimsAfter),
  headline: "gold-at-3",
  presets: {
    smoke: {
      seeds: 2,
      includes: ({ iterations, weighting, gamma }) =>
        iterations === 3 && weighting === "ema" && [0, 0.3].includes(gamma),
    },
    quick: {
      seeds: 3,
      includes: ({ iterations, weighting, gamma }) =>
        weighting === "ema" && ([0, 0.3].includes(gamma) || iterations === 3 && gamma === 0.9),
    },
    full: { seeds: 5, claimSeeds: 10 },
  },
});
