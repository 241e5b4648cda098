/** Where the seconds of an arm go: scoring, generation, update. */
import type { TopLevelSpec } from "vega-lite";
import { armColour, distinct, figure, type FigureText, requireRows } from "./layout.ts";
import { LABEL_SIZE } from "./theme.ts";

/** Seconds one arm spent in one phase. */
export interface PhaseRow {
  readonly arm: string;
  readonly phase: string;
  /** Seconds, e.g. the median over seeds of an iteration's. */
  readonly seconds: number;
  readonly panel?: string;
}

/**
 * Stacked bars, one an arm, with the total at its end.
 *
 * @throws UserError on an empty table or a value that is not finite.
 */
export function phasesFigure(rows: readonly PhaseRow[], text: FigureText): TopLevelSpec {
  requireRows("phases", rows, ["seconds"]);
  const arms = distinct(rows.map((row) => row.arm));
  const phases = distinct(rows.map((row) => row.phase));
  const panels = distinct(rows.map((row) => row.panel ?? ""));
  const sumOf = (arm: string, panel: string) =>
    rows.filter((row) => row.arm === arm && (row.panel ?? "") === panel)
      .reduce((sum, row) => sum + row.seconds, 0);
  const most = Math.max(...arms.flatMap((arm) => panels.map((panel) => sumOf(arm, panel))));
  const width = panels.length > 1 ? 260 : 440;
  const x = {
    field: "seconds",
    type: "quantitative",
    title: "seconds",
    scale: { domain: [0, most || 1], nice: false, range: [0, width - 56] },
  };
  const y = {
    field: "arm",
    type: "nominal",
    sort: arms,
    title: null,
    axis: { ticks: false, domain: false },
  };
  const drawn = rows.map((row) => ({ ...row, rank: phases.indexOf(row.phase) }));
  const layer = [
    {
      mark: { type: "bar", stroke: "white", strokeWidth: 1, height: { band: 0.7 } },
      encoding: {
        x: { ...x, stack: "zero" },
        y,
        color: armColour("phase", phases, true),
        order: { field: "rank", type: "quantitative" },
      },
    },
    {
      mark: { type: "text", align: "left", dx: 6, fontSize: LABEL_SIZE },
      transform: [{
        aggregate: [{ op: "sum", field: "seconds", as: "seconds" }],
        groupby: ["arm"],
      }],
      encoding: {
        x,
        y,
        text: { field: "seconds", type: "quantitative", format: ".3~r" },
      },
    },
  ];
  return figure({ ...text, rows: drawn, layer, width, height: Math.max(50, arms.length * 28) });
}
