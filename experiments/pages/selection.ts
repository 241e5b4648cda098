import { curvesFigure, flipsFigure, intervalsFigure } from "../../lib/figures/mod.ts";
import type { StudyRow } from "../../lib/results/study_rows.ts";
import { selectionStudy } from "../studies/selection.ts";
import { byIteration, frontier, goldByIteration } from "./common_figures.ts";
import { type StudyPage, whereAny } from "./page.ts";
import {
  contrastPoints,
  curvePoints,
  estimateOf,
  groupRows,
  lastRows,
  pairsText,
  seedsText,
} from "./study_values.ts";

const RULES = ["IRM", "random", "bottom", "middle", "oracle"];

const ruleOf = (row: StudyRow) => row.armLabel.split(" ")[0] as string;
const keepOf = (row: StudyRow) => Number(row.arm.split("-").at(-1)) / 100;
const selecting = (rows: readonly StudyRow[]) => rows.filter((row) => RULES.includes(ruleOf(row)));
const seventies = (rows: readonly StudyRow[]) =>
  rows.filter((row) => row.arm === "dpo" || row.arm.endsWith("-70"));
const panel = (row: StudyRow) => row.conditionLabel;

/** A metric's mean over one arm's rows, by panel: a dashed line for comparison. */
function byPanel(rows: readonly StudyRow[], metric: "gold" | "flippedAll"): Record<string, number> {
  return Object.fromEntries(
    groupRows(rows, (row) => row.condition).flatMap((group) => {
      const mean = estimateOf(group, metric)?.mean;
      return mean === undefined ? [] : [[panel(group[0] as StudyRow), mean]];
    }),
  );
}

/** Page of the study of selection. */
export const selectionPage: StudyPage = {
  study: selectionStudy,
  paper:
    "Pairs whose implicit reward margin (IRM) is large train a better policy than pairs taken " +
    "at random: a wrong label shows as a small or negative margin, so keeping the top of the " +
    "ranking drops wrong labels.",
  figures: [
    {
      id: "gold_difference",
      paired: true,
      reading: "Gold reward after the last iteration minus that of random selection with as many " +
        "pairs, paired by seed. Right of zero: better than random.",
      draw: (rows) =>
        whereAny(
          contrastPoints(
            rows,
            "gold",
            ["irm-70", "middle-70", "bottom-70", "oracle-70", "dpo"].map((arm) => ({
              arm,
              baseline: "random-70",
            })),
            { label: (row) => row.armLabel, panel },
          ),
          (points) =>
            intervalsFigure(points, {
              title: "Selection against random selection, 70 % kept",
              subtitle: pairsText(points),
              xTitle: "difference in gold reward",
            }),
        ),
    },
    {
      id: "flips_kept",
      reading: "Share of flipped labels among the pairs kept in the last iteration. Below the " +
        "dashed line a selector cleans the data; above it, it collects the wrong labels.",
      draw: (rows) =>
        whereAny(
          curvePoints(
            selecting(lastRows(rows)).filter((row) => Number(row.conditionValues.flipRate) > 0),
            "flippedSelected",
            { x: keepOf, arm: ruleOf, panel },
          ),
          (points) =>
            flipsFigure(
              points.map(({ arm, x, y, ...rest }) => ({
                ...rest,
                selector: arm,
                keep: x,
                flipped: y,
              })),
              {
                title: "Flipped labels among the kept pairs",
                subtitle: seedsText(rows),
                baseRate: byPanel(lastRows(rows), "flippedAll"),
              },
            ),
        ),
    },
    {
      id: "gold_by_keep",
      reading:
        "Gold reward by the share of pairs kept. The dashed line is plain DPO on every pair.",
      draw: (rows) =>
        whereAny(
          curvePoints(selecting(lastRows(rows)), "gold", { x: keepOf, arm: ruleOf, panel }),
          (points) =>
            curvesFigure(points, {
              title: "Gold reward by share of pairs kept",
              subtitle: seedsText(rows),
              xTitle: "fraction of pairs kept",
              yTitle: "gold reward",
              reference: {
                label: "DPO, all pairs",
                y: byPanel(lastRows(rows).filter((row) => row.arm === "dpo"), "gold"),
              },
            }),
        ),
    },
    goldByIteration(
      "Learning curves of the arms that keep 70 %, and of plain DPO. Iteration 0 is the SFT " +
        "model; iteration 1 is the same for all, for nothing can be ranked before it.",
      { rows: seventies, panel },
    ),
    byIteration("margin_auc", "marginAuc", {
      reading: "How well the margin tells right from flipped labels (0.5: not at all), over all " +
        "offline pairs.",
      title: "AUC of the margin against the flips",
      yTitle: "AUC",
      reference: { label: "no better than chance", y: 0.5 },
    }, { rows: (rows) => rows.filter((row) => ["irm-70", "random-70"].includes(row.arm)), panel }),
    byIteration("jaccard", "jaccard", {
      reading: "Overlap of each selection with the one before (1: the same pairs). The first " +
        "selection is that of iteration 2.",
      title: "Overlap of successive selections",
      yTitle: "Jaccard index",
    }, {
      rows: (rows) => rows.filter((row) => row.iteration >= 2 && row.arm.endsWith("-70")),
      panel,
    }),
    frontier(
      "What each arm gains for how far it moves from the SFT model. Arms that are higher at " +
        "the same KL are better; arms are not matched in KL.",
      { rows: seventies, panel },
    ),
  ],
  metrics: ["gold", "winVsSft", "kl", "length", "flippedSelected", "marginAuc", "jaccard"],
  wouldChange: [
    "Labels whose noise is not independent of the response, e.g. flips of hard pairs only.",
    "Far fewer pairs: the policy then memorises wrong labels before the first selection.",
    "A metric that rewards spread over quality: selection keeps easy pairs.",
  ],
};
