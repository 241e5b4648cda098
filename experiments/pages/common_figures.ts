/** Figures that several pages show. */
import {
  type CurveOptions,
  curvesFigure,
  frontierFigure,
  type FrontierRow,
} from "../../lib/figures/mod.ts";
import type { MetricName } from "../../lib/results/study_metrics.ts";
import type { StudyRow } from "../../lib/results/study_rows.ts";
import { type PageFigure, whereAny } from "./page.ts";
import { curvePoints, frontierPoints, type RowText, seedsText } from "./study_values.ts";

/** Which rows a figure shows, and what divides it into panels. */
export interface Shown extends Pick<PageFigure, "rows"> {
  readonly panel?: RowText;
}

/** A metric by iteration, a curve an arm. */
export function byIteration(
  id: string,
  metric: MetricName,
  text: Pick<CurveOptions, "title" | "yTitle" | "reference"> & Pick<PageFigure, "reading">,
  { panel, ...shown }: Shown = {},
): PageFigure {
  const { reading, ...options } = text;
  return {
    id,
    reading,
    ...shown,
    draw: (rows) => {
      const x = (row: StudyRow) => row.iteration;
      return whereAny(
        curvePoints(rows, metric, panel === undefined ? { x } : { x, panel }),
        (points) =>
          curvesFigure(points, { ...options, subtitle: seedsText(rows), xTitle: "iteration" }),
      );
    },
  };
}

/** Learning curves. */
export function goldByIteration(reading: string, shown?: Shown): PageFigure {
  const text = { reading, title: "Gold reward by iteration", yTitle: "gold reward" };
  return byIteration("gold_by_iteration", "gold", text, shown);
}

/** Gold reward against the distance moved. */
export function frontier(reading: string, { panel, ...shown }: Shown = {}): PageFigure {
  return {
    id: "frontier",
    reading,
    ...shown,
    draw: (rows) =>
      whereAny(
        frontierPoints(rows, panel),
        (points: readonly FrontierRow[]) =>
          frontierFigure(points, { title: "Gold reward against KL", subtitle: seedsText(rows) }),
      ),
  };
}
