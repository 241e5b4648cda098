import { curvesFigure } from "../../lib/figures/mod.ts";
import type { MetricName } from "../../lib/results/study_metrics.ts";
import type { StudyRow } from "../../lib/results/study_rows.ts";
import { lengthStudy } from "../studies/length.ts";
import { byIteration, frontier } from "./common_figures.ts";
import { type PageFigure, type StudyPage, whereAny } from "./page.ts";
import { curvePoints, lastRows, seedsText } from "./study_values.ts";

const panel = (row: StudyRow) => row.conditionLabel;

/** A metric after the last iteration by the strength of the confound. */
function byConfound(
  id: string,
  metric: MetricName,
  text: { reading: string; title: string; yTitle: string },
  only: (row: StudyRow) => boolean = () => true,
): PageFigure {
  return {
    id,
    reading: text.reading,
    draw: (rows) =>
      whereAny(
        curvePoints(lastRows(rows).filter(only), metric, {
          x: (row) => Number(row.conditionValues.lengthConfound),
        }),
        (points) =>
          curvesFigure(points, {
            title: text.title,
            subtitle: seedsText(rows),
            xTitle: "strength of the length confound",
            yTitle: text.yTitle,
          }),
      ),
  };
}

/** Page of the study of length bias. */
export const lengthPage: StudyPage = {
  study: lengthStudy,
  paper: "Direct alignment algorithms learn to write longer when labels prefer length; SeRA's " +
    "selection and its own pairs lessen that.",
  figures: [
    byConfound("length_by_confound", "length", {
      reading: "Mean length of the samples after the last iteration, in tokens. Gold reward is " +
        "uncorrelated with length, so any growth is exploitation.",
      title: "Response length by confound",
      yTitle: "length (tokens)",
    }),
    byIteration("length_by_iteration", "length", {
      reading: "How length grows over the iterations.",
      title: "Response length by iteration",
      yTitle: "length (tokens)",
    }, { panel }),
    byConfound("gold_by_confound", "gold", {
      reading: "What the confound costs in true reward.",
      title: "Gold reward by confound",
      yTitle: "gold reward",
    }),
    byConfound("reward_length_correlation", "rewardLengthCorrelation", {
      reading: "Correlation of the learned implicit reward with length, over the policy's samples.",
      title: "Implicit reward's correlation with length",
      yTitle: "Pearson correlation",
    }),
    byConfound(
      "selected_length_difference",
      "lengthDifferenceSelected",
      {
        reading: "Chosen minus rejected length of the pairs kept: does selection thin out the " +
          "pairs that teach length, or collect them?",
        title: "Length difference of the kept pairs",
        yTitle: "chosen minus rejected (tokens)",
      },
      (row) => ["irm-70", "random-70", "sera"].includes(row.arm),
    ),
    byConfound("length_controlled_win", "lcWinVsSft", {
      reading: "Win rate against the SFT model with length held fixed.",
      title: "Length-controlled win rate against the SFT model",
      yTitle: "share won",
    }),
    frontier("Gold reward against the distance moved.", { panel }),
  ],
  metrics: ["gold", "length", "lcWinVsSft", "rewardLengthCorrelation", "lengthDifferenceSelected"],
  wouldChange: [
    "A confound that acts on some prompts only: margins could then tell its pairs apart.",
    "Margins normalised by length: the margin used here grows with the number of tokens.",
    "A world in which longer responses can also be better.",
  ],
};
