import { heatmapFigure, intervalsFigure } from "../../lib/figures/mod.ts";
import type { StudyRow } from "../../lib/results/study_rows.ts";
import { bootstrappingStudy } from "../studies/bootstrapping.ts";
import { byIteration, frontier, goldByIteration } from "./common_figures.ts";
import { type StudyPage, whereAny } from "./page.ts";
import { contrastPoints, heatPoints, pairsText, seedsText } from "./study_values.ts";

const labelOf = (rows: readonly StudyRow[], arm: string) =>
  rows.find((row) => row.arm === arm)?.armLabel ?? arm;
const base = (rows: readonly StudyRow[]) => rows.filter((row) => row.condition === "base");

/** Page of the study of preference bootstrapping. */
export const bootstrappingPage: StudyPage = {
  study: bootstrappingStudy,
  paper: "Pairs that the policy generates and ranks by its own implicit reward add to the pairs " +
    "that selection keeps.",
  figures: [
    {
      id: "sera_minus_selection",
      paired: true,
      reading: "Gold reward of full SeRA minus IRM selection alone, one row a regime, paired by " +
        "seed. Right of zero: bootstrapping helped.",
      draw: (rows) =>
        whereAny(
          contrastPoints(rows, "gold", [{ arm: "sera", baseline: "irm-70" }], {
            label: (row) => row.conditionLabel,
          }),
          (points) =>
            intervalsFigure(points, {
              title: "Full SeRA against selection alone, by regime",
              subtitle: pairsText(points),
              xTitle: "difference in gold reward",
            }),
        ),
    },
    {
      id: "on_policy_wrong",
      reading:
        "Share of self-labelled pairs whose chosen response is the worse one by gold reward. " +
        "0.5 is a coin flip.",
      rows: (rows) => rows.filter((row) => row.arm === "sera" && row.iteration >= 2),
      draw: (rows) =>
        whereAny(
          heatPoints(rows, "onPolicyWrong", {
            x: (row) => row.iteration,
            y: (row) => row.conditionLabel,
          }),
          (points) =>
            heatmapFigure(points, {
              title: "Wrong labels among the policy's own pairs",
              subtitle: seedsText(rows),
              xTitle: "iteration",
              yTitle: "regime",
              valueTitle: "share wrong",
            }),
        ),
    },
    {
      id: "cross_fitted",
      paired: true,
      reading: "Exploratory, no claim rests on it: margins cross-fitted on held-out halves, so " +
        "that no policy ranks a pair it was trained on. Gold reward against the same arm " +
        "without cross-fitting, and SeRA against selection with both cross-fitted.",
      draw: (rows) =>
        whereAny(
          contrastPoints(
            base(rows),
            "gold",
            [
              { arm: "irm-70-cross-fitted", baseline: "irm-70" },
              { arm: "sera-cross-fitted", baseline: "sera" },
              { arm: "sera-cross-fitted", baseline: "irm-70-cross-fitted" },
            ],
            {
              label: (row, { baseline }) => `${row.armLabel} - ${labelOf(rows, baseline)}`,
            },
          ),
          (points) =>
            intervalsFigure(points, {
              title: "Cross-fitted margins, base regime (exploratory)",
              subtitle: pairsText(points),
              xTitle: "difference in gold reward",
            }),
        ),
    },
    byIteration("cross_fitted_flips", "flippedSelected", {
      reading: "Exploratory: flipped pairs among those that selection keeps, by margins of the " +
        "policy itself and by cross-fitted ones. Lower is better.",
      title: "Flipped pairs kept, base regime (exploratory)",
      yTitle: "share flipped",
    }, {
      rows: (rows) => base(rows).filter((row) => row.arm !== "bootstrap" && row.iteration >= 1),
    }),
    goldByIteration("Learning curves in the base regime.", { rows: base }),
    byIteration("reward_gold_correlation", "rewardGoldCorrelation", {
      reading: "Correlation of implicit with gold reward over the policy's own samples: what " +
        "self-labelling has to work with.",
      title: "Implicit reward's correlation with gold reward",
      yTitle: "Pearson correlation",
      reference: { label: "none", y: 0 },
    }, { rows: base }),
    frontier(
      "Gold reward against the distance moved, for two weights of the NLL anchor. An arm that is " +
        "ahead in one panel may still be behind the other panel's arms.",
      {
        rows: (rows) => rows.filter((row) => ["base", "alpha-1"].includes(row.condition)),
        panel: (row) => row.conditionLabel,
      },
    ),
  ],
  metrics: ["gold", "winVsSft", "kl", "length", "onPolicyWrong", "rewardGoldCorrelation"],
  wouldChange: [
    "Cross-fitted margins in other regimes than the base: fewer pairs are memorised sooner.",
    "A model that is much larger than these.",
    "Fresh prompts: here the policy generates for the prompts of its offline pairs.",
  ],
};
