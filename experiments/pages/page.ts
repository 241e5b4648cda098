import type { TopLevelSpec } from "vega-lite";
import type { MetricName } from "../../lib/results/study_metrics.ts";
import { onSharedSeeds, type StudyRow } from "../../lib/results/study_rows.ts";
import type { Study } from "../studies/study.ts";

/** A figure of a study's page. */
export interface PageFigure {
  /** File name without extension, unique within the study. */
  readonly id: string;
  /** How to read it, in a sentence or two of Markdown. */
  readonly reading: string;
  /** Which of the study's rows it shows; all unless told. */
  readonly rows?: (rows: readonly StudyRow[]) => readonly StudyRow[];
  /**
   * Whether it shows differences between two arms, paired by seed: each uses every seed that its two
   * arms have. Other figures get the seeds that all their arms of a condition share.
   */
  readonly paired?: true;
  /** The figure of the rows it shows; undefined where they have nothing for it yet. */
  readonly draw: (rows: readonly StudyRow[]) => TopLevelSpec | undefined;
}

/** What a study's page says and shows beyond what the study itself fixes. */
export interface StudyPage {
  readonly study: Study;
  /** What the paper claims, in our words. */
  readonly paper: string;
  /** The first one is the page's main figure. */
  readonly figures: readonly [PageFigure, ...PageFigure[]];
  /** Columns of the table of results. */
  readonly metrics: readonly MetricName[];
  /** What would change the verdict. */
  readonly wouldChange: readonly string[];
}

/** Draws a figure from all the rows of its study. */
export function drawFigure(
  { draw, paired, rows: shownOf = (rows) => rows }: PageFigure,
  rows: readonly StudyRow[],
): TopLevelSpec | undefined {
  const shown = shownOf(rows);
  return draw(paired ? shown : onSharedSeeds(shown));
}

/** Draws only where there are rows. */
export function whereAny<Row>(
  rows: readonly Row[],
  draw: (rows: readonly Row[]) => TopLevelSpec,
): TopLevelSpec | undefined {
  return rows.length === 0 ? undefined : draw(rows);
}
