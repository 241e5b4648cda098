/** A value over two settings, written in its cell. */
import type { TopLevelSpec } from "vega-lite";
import { distinct, figure, type FigureText, requireRows } from "./layout.ts";
import { LABEL_SIZE } from "./theme.ts";

/** One cell. */
export interface HeatRow {
  readonly x: string | number;
  readonly y: string | number;
  readonly value: number;
  /** Text under the value, e.g. the half-width of its interval: "±0.07". */
  readonly note?: string;
  readonly panel?: string;
}

/** Axes of the heat map. */
export interface HeatOptions extends FigureText {
  readonly xTitle: string;
  readonly yTitle: string;
  readonly valueTitle: string;
  /** True where the sign of the value matters: colours then diverge from zero. */
  readonly diverging?: boolean;
  /** d3-format of the value. Default ".2f". */
  readonly format?: string;
}

/**
 * A coloured grid, rows and columns in order of first appearance.
 *
 * @throws UserError on an empty table or a value that is not finite.
 */
export function heatmapFigure(rows: readonly HeatRow[], options: HeatOptions): TopLevelSpec {
  requireRows("heat map", rows, ["value"]);
  const columns = distinct(rows.map((row) => String(row.x)));
  const lines = distinct(rows.map((row) => String(row.y)));
  const values = rows.map((row) => row.value);
  const largest = Math.max(...values.map(Math.abs)) || 1;
  const low = options.diverging ? -largest : Math.min(...values);
  const high = options.diverging ? largest : Math.max(...values);
  const drawn = rows.map((row) => {
    const depth = options.diverging
      ? Math.abs(row.value) / largest
      : (row.value - low) / (high - low || 1);
    return { ...row, x: String(row.x), y: String(row.y), dark: depth > 0.6 };
  });
  const x = {
    field: "x",
    type: "ordinal",
    sort: columns,
    title: options.xTitle,
    axis: { labelAngle: 0, ticks: false, domain: false },
  };
  const y = {
    field: "y",
    type: "ordinal",
    sort: lines,
    title: options.yTitle,
    axis: { ticks: false, domain: false },
  };
  const ink = { condition: { test: "datum.dark", value: "white" }, value: "black" };
  const noted = rows.some((row) => row.note !== undefined);
  const layer = [
    {
      mark: { type: "rect", stroke: "white", strokeWidth: 2 },
      encoding: {
        x,
        y,
        color: {
          field: "value",
          type: "quantitative",
          title: options.valueTitle,
          scale: {
            domain: [low, high],
            ...(options.diverging
              ? { range: ["#B35806", "#F7F7F7", "#2166AC"], interpolate: "lab" }
              : { range: ["#F1F6FA", "#08519C"], interpolate: "lab" }),
          },
          legend: { gradientLength: 120, format: options.format ?? ".2f", tickCount: 4 },
        },
      },
    },
    {
      mark: { type: "text", fontSize: LABEL_SIZE + 1, dy: noted ? -6 : 0 },
      encoding: {
        x,
        y,
        text: { field: "value", type: "quantitative", format: options.format ?? ".2f" },
        color: ink,
      },
    },
    ...(noted
      ? [{
        mark: { type: "text", fontSize: 9, dy: 8 },
        transform: [{ filter: "isValid(datum.note)" }],
        encoding: { x, y, text: { field: "note" }, color: ink },
      }]
      : []),
  ];
  return figure({
    ...options,
    rows: drawn,
    layer,
    width: columns.length * 72,
    height: lines.length * 42,
  });
}
