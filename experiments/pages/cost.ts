import { intervalsFigure, phasesFigure, scalingFigure } from "../../lib/figures/mod.ts";
import type { StudyRow } from "../../lib/results/study_rows.ts";
import { costStudy } from "../studies/cost.ts";
import { type StudyPage, whereAny } from "./page.ts";
import { contrastPoints, pairsText, phasePoints } from "./study_values.ts";

const bySize = (rows: readonly StudyRow[]) =>
  rows.filter((row) => row.condition.startsWith("pairs"));
const panel = (row: StudyRow) => row.conditionLabel;

/** Page of the study of cost. */
export const costPage: StudyPage = {
  study: costStudy,
  paper:
    "SeRA needs no reward model and no second policy; scoring pairs and generating candidates " +
    "come on top of plain training.",
  figures: [
    {
      id: "seconds_by_phase",
      reading: "Seconds of one iteration (from the second on) by phase.",
      draw: (rows) =>
        whereAny(
          phasePoints(rows, panel),
          (points) =>
            phasesFigure(points, {
              title: "Seconds an iteration by phase",
              subtitle: "mean over seeds and iterations, one thread a run",
            }),
        ),
    },
    {
      id: "time_ratio",
      paired: true,
      reading: "Natural logarithm of the ratio of training times to plain DPO's, paired by seed: " +
        "0.69 is twice as long.",
      draw: (rows) =>
        whereAny(
          contrastPoints(
            rows,
            "logTrainingSeconds",
            ["irm-70", "random-70", "relabel", "simpo", "sera"].map((arm) => ({
              arm,
              baseline: "dpo",
            })),
            { label: (row) => row.armLabel, panel },
          ),
          (points) =>
            intervalsFigure(points, {
              title: "Training time against plain DPO's",
              subtitle: pairsText(points),
              xTitle: "ln of the ratio of times",
            }),
        ),
    },
    {
      id: "scaling",
      reading:
        "SeRA's phases by the number of pairs, as many passes over them each. A slope of 1 " +
        "is growth in proportion.",
      draw: (rows) =>
        whereAny(
          groupBySize(bySize(rows).filter((row) => row.arm === "sera")),
          (points) =>
            scalingFigure(points, {
              title: "Seconds an iteration by number of pairs",
              subtitle: "SeRA, mean over seeds",
              xTitle: "offline pairs",
              expectedSlope: 1,
            }),
        ),
    },
  ],
  metrics: ["updateSeconds", "scoringSeconds", "generationSeconds", "trainingSeconds"],
  wouldChange: [
    "Longer responses or a larger model: generation grows faster than an update.",
    "An accelerator: many small kernels of generation gain least from it.",
  ],
};

function groupBySize(rows: readonly StudyRow[]) {
  return phasePoints(rows, (row) => String(row.conditionValues.pairs))
    .filter(({ seconds }) => seconds > 0)
    .map(({ phase, seconds, panel: size }) => ({ series: phase, size: Number(size), seconds }));
}
