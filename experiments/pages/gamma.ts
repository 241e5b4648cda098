import { heatmapFigure } from "../../lib/figures/mod.ts";
import type { MetricName } from "../../lib/results/study_metrics.ts";
import type { StudyRow } from "../../lib/results/study_rows.ts";
import { gammaStudy } from "../studies/gamma.ts";
import { goldByIteration } from "./common_figures.ts";
import { type PageFigure, type StudyPage, whereAny } from "./page.ts";
import { heatPoints, lastRows, seedsText } from "./study_values.ts";

const panel = (row: StudyRow) => row.conditionLabel;
const gammaOf = (row: StudyRow) => row.arm === "uniform" ? "uniform" : row.arm.split("-").at(-1);

function weightingOf(row: StudyRow): string {
  if (row.arm === "gamma-0") return "latest only";
  return row.arm.startsWith("ema") ? "EMA" : row.arm.startsWith("two") ? "two terms" : "uniform";
}

/** A metric after the last iteration over gamma and the weighting. */
function map(
  id: string,
  metric: MetricName,
  title: string,
  unit: string,
  reading: string,
  digits = 2,
): PageFigure {
  return {
    id,
    reading,
    draw: (rows) =>
      whereAny(
        heatPoints(lastRows(rows), metric, {
          x: (row) => gammaOf(row) ?? "",
          y: weightingOf,
          panel,
          digits,
        }),
        (points) =>
          heatmapFigure(points, {
            title,
            subtitle: `\u00b1 half-width of the 95 % interval, ${seedsText(rows)}`,
            xTitle: "gamma",
            yTitle: "weighting",
            valueTitle: unit,
            format: `.${digits}f`,
          }),
      ),
  };
}

/** Page of the study of the ensemble coefficient. */
export const gammaPage: StudyPage = {
  study: gammaStudy,
  paper: "Averaging the implicit rewards of the last policies, with coefficient gamma 0.3, makes " +
    "the selection more robust than the latest policy's alone.",
  figures: [
    map(
      "gold",
      "gold",
      "Gold reward by gamma and weighting",
      "gold reward",
      "Gold reward after the last iteration. gamma acts from the third iteration on, so after " +
        "three iterations it has acted once.",
    ),
    map(
      "jaccard",
      "jaccard",
      "Overlap of the last two selections",
      "Jaccard index",
      "An ensemble changes its mind more slowly: the selections should overlap more.",
      3,
    ),
    map(
      "flips_kept",
      "flippedSelected",
      "Flipped labels among the kept pairs",
      "share flipped",
      "Does the ensemble drop more of the wrong labels? 20 % of all labels are flipped.",
      3,
    ),
    goldByIteration("Learning curves of the exponential weighting.", {
      rows: (rows) =>
        rows.filter((row) => ["gamma-0", "ema-0.3", "ema-0.9", "uniform"].includes(row.arm)),
      panel,
    }),
  ],
  metrics: ["gold", "kl", "jaccard", "flippedSelected", "marginAuc", "onPolicyWrong"],
  wouldChange: [
    "Policies that differ more from one iteration to the next: more steps, or a fresh start.",
    "More iterations than six.",
    "Another reading of the paper's ensemble; its exact form is not public.",
  ],
};
