import { curvesFigure, intervalsFigure } from "../../lib/figures/mod.ts";
import type { StudyRow } from "../../lib/results/study_rows.ts";
import { noiseStudy } from "../studies/noise.ts";
import { frontier, goldByIteration } from "./common_figures.ts";
import { type StudyPage, whereAny } from "./page.ts";
import { contrastPoints, curvePoints, lastRows, pairsText, seedsText } from "./study_values.ts";

const panel = (row: StudyRow) => row.conditionLabel;
/** The three flip rates at the usual anchor. */
const main = (rows: readonly StudyRow[]) => rows.filter((row) => !row.condition.includes("alpha"));
const CORE = ["dpo", "sera", "irm-70", "random-70", "bootstrap", "relabel"];

/** Page of the study of label noise. */
export const noisePage: StudyPage = {
  study: noiseStudy,
  paper: "SeRA improves each direct alignment algorithm that it is added to (DPO, IPO, SLiC-HF, " +
    "SimPO), and most where labels are noisy.",
  figures: [
    {
      id: "sera_minus_plain",
      paired: true,
      reading: "Gold reward of each loss with SeRA minus the same loss alone, paired by seed.",
      draw: (rows) =>
        whereAny(
          contrastPoints(
            main(rows),
            "gold",
            [
              { arm: "sera", baseline: "dpo" },
              ...["ipo", "slic-hf", "simpo"].map((loss) => ({
                arm: `${loss}-sera`,
                baseline: loss,
              })),
            ],
            { label: (row) => row.arm === "sera" ? "DPO + SeRA" : row.armLabel, panel },
          ),
          (points) =>
            intervalsFigure(points, {
              title: "Each loss with SeRA against the loss alone",
              subtitle: pairsText(points),
              xTitle: "difference in gold reward",
            }),
        ),
    },
    {
      id: "parts_minus_dpo",
      paired: true,
      reading:
        "SeRA's parts alone, the robust losses and the controls, minus plain DPO. All arms " +
        "take equally many steps on equally many pairs.",
      draw: (rows) =>
        whereAny(
          contrastPoints(
            main(rows),
            "gold",
            [
              ...["sera", "irm-70", "bootstrap", "relabel", "random-70"],
              ...["cdpo", "rdpo", "dpo-more"],
            ].map((arm) => ({ arm, baseline: "dpo" })),
            { label: (row) => row.armLabel, panel },
          ),
          (points) =>
            intervalsFigure(points, {
              title: "Parts of SeRA, robust losses and controls against DPO",
              subtitle: pairsText(points),
              xTitle: "difference in gold reward",
            }),
        ),
    },
    {
      id: "gold_by_noise",
      reading: "How far each arm falls as more labels are flipped.",
      rows: (rows) => main(rows).filter((row) => [...CORE, "rdpo", "cdpo"].includes(row.arm)),
      draw: (rows) =>
        whereAny(
          curvePoints(lastRows(rows), "gold", {
            x: (row) => Number(row.conditionValues.flipRate),
          }),
          (points) =>
            curvesFigure(points, {
              title: "Gold reward by share of flipped labels",
              subtitle: seedsText(rows),
              xTitle: "share of labels flipped",
              yTitle: "gold reward",
            }),
        ),
    },
    goldByIteration("Learning curves. An arm that peaks and falls is losing what it had learned.", {
      rows: (rows) => main(rows).filter((row) => CORE.includes(row.arm)),
      panel,
    }),
    frontier(
      "Gold reward against the distance moved. DPO at twice the learning rate is the " +
        "control for arms that merely move further.",
      { rows: main, panel },
    ),
    {
      id: "anchor",
      paired: true,
      reading:
        "SeRA and selection alone minus DPO, at 20 % flips, for three weights alpha of the " +
        "NLL anchor: one choice of alpha must not decide the verdict.",
      draw: (rows) =>
        whereAny(
          contrastPoints(
            rows.filter((row) => row.condition.startsWith("noise-20")),
            "gold",
            ["sera", "irm-70"].map((arm) => ({ arm, baseline: "dpo" })),
            {
              label: (row) => row.armLabel,
              panel: (row) => `NLL anchor ${row.conditionValues.nllAlpha ?? 0.3}`,
            },
          ),
          (points) =>
            intervalsFigure(points, {
              title: "The same contrast at other weights of the NLL anchor",
              subtitle: `20 % flipped, ${pairsText(points)}`,
              xTitle: "difference in gold reward",
            }),
        ),
    },
  ],
  metrics: ["gold", "winVsSft", "lcWinVsSft", "kl", "length", "flippedSelected", "onPolicyWrong"],
  wouldChange: [
    "Another weight of the NLL anchor: see the last figure.",
    "A model whose own samples it can rank: bootstrapping lives on that ranking.",
    "A learning rate tuned for each loss; here it is tuned for plain DPO alone.",
  ],
};
