import { smallLanguage } from "../../lib/environments/small_language/environment.ts";
import { methods } from "../../lib/sera/methods.ts";
import { defineStudy } from "../../lib/study/study.ts";
import { goldClaim } from "../claims.ts";

const gammas = [0.3, 0.6, 0.9];
const paper = "The ensemble over past policies (coefficient 0.3) makes the selection more robust.";
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

/** The coefficient of the ensemble over past policies. It acts from the third iteration on. */
export const gamma = defineStudy({
  id: "gamma",
  title: "The ensemble coefficient gamma",
  question:
    "What does averaging the implicit rewards of past policies change, by how much of the " +
    "past it weighs and over how many iterations?",
  environment: smallLanguage,
  firstSeed: 200,
  conditions: [
    ...[3, 6, 9].map((iterations) => ({
      id: `iterations-${iterations}`,
      label: `${iterations} iterations`,
      sera: { iterations },
    })),
    {
      id: "iterations-6-anchored",
      label: "6 iterations, NLL anchor 0.3",
      sera: { iterations: 6, nllAlpha: 0.3 },
    },
  ],
  arms: [
    arm("gamma-0", "gamma 0", "ema", 0),
    ...gammas.map((value) => ({
      ...arm(`ema-${value}`, `EMA, gamma ${value}`, "ema", value),
      ...(value === 0.6 ? { only: ["iterations-3", "iterations-6", "iterations-6-anchored"] } : {}),
    })),
    // Up to three iterations both weightings are the same, and uniform is gamma 0.5.
    ...[
      ...[0.3, 0.9].map((value) =>
        arm(`two-term-${value}`, `two terms, gamma ${value}`, "two-term", value)
      ),
      arm("uniform", "uniform", "uniform", 1),
    ].map((each) => ({ ...each, only: ["iterations-6-anchored"] })),
  ],
  claims: [
    goldClaim({
      id: "gold-at-6-anchored",
      text:
        "After 6 iterations with an NLL anchor of 0.3, gamma 0.3 has a higher gold reward than " +
        "gamma 0.",
      paper,
      condition: "iterations-6-anchored",
      arm: "ema-0.3",
      baseline: "gamma-0",
      ...{ seeds: 12, exploratorySd: 0.164 },
    }),
    {
      id: "overlap-at-3",
      text: "After 3 iterations, gamma 0.3 keeps more of the previous selection than gamma 0.",
      paper,
      metric: "jaccard",
      condition: "iterations-3",
      arm: "ema-0.3",
      baseline: "gamma-0",
      direction: "higher",
      smallestEffect: 0.02,
      ...{ seeds: 8, exploratorySd: 0.003 },
    },
  ],
  headline: "gold-at-6-anchored",
  presets: {
    smoke: {
      seeds: 2,
      includes: ({ iterations, weighting, gamma }) =>
        iterations === 3 && weighting === "ema" && [0, 0.3].includes(gamma),
    },
    quick: {
      seeds: 3,
      includes: ({ condition, weighting, gamma }) =>
        ["iterations-3", "iterations-6-anchored"].includes(condition) && weighting === "ema" &&
        [0, 0.3].includes(gamma),
    },
    full: { seeds: 4 },
  },
});
