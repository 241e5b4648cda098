/** A value over two settings, written in its cell. */
import { distinct, type Field, labelOf, numberOf, titleOf, valueOf } from "./fields.ts";
import { groupsOf, meanOf, type PlotMean, seedsText } from "./means.ts";
import {
  LINES,
  panelColumns,
  type Plot,
  plotOf,
  type PlotOptions,
  requireSome,
  wrapText,
} from "./plot.ts";
import { LABEL_SIZE } from "./theme.ts";

/** Axes of a heat map. */
export interface HeatmapPlotOptions<Row> extends PlotOptions<Row> {
  /** Columns, in order of first appearance. */
  readonly x: Field<Row>;
  /** Lines, in order of first appearance. */
  readonly y: Field<Row>;
  /** What the colour shows. */
  readonly value: Field<Row>;
  /** Decimals of value and half-width. Default 2. */
  readonly digits?: number;
  /** True where the sign of the value matters: colours then diverge from zero. */
  readonly diverging?: boolean;
  /** Default: the column's name. */
  readonly xTitle?: string;
  /** Default: the column's name. */
  readonly yTitle?: string;
  /** With its unit. Default: the column's name. */
  readonly valueTitle?: string;
}

/**
 * A coloured grid of means over seeds, each with the half-width of its 95 % t interval.
 *
 * @throws {UserError} where no row has a finite value, or a mean would mix rows of one seed
 */
export function heatmapPlot<Row extends object>(
  rows: readonly Row[],
  options: HeatmapPlotOptions<Row>,
): Plot {
  const { title, x, y, value, facet, digits = 2, diverging = false } = options;
  const valueTitle = titleOf(options.valueTitle, value, "value");
  const drawn = rows.filter((row) => Number.isFinite(numberOf(row, value)));
  requireSome(title, drawn, `a finite ${valueTitle}`);
  const cells = groupsOf(title, drawn, [facet, x, y]).map((group) => {
    const row = group[0] as Row;
    const { mean, low, high, n } = meanOf(group, value) as PlotMean;
    return {
      panel: labelOf(row, facet),
      x: wrapText(String(valueOf(row, x)), 10).join("\n"),
      y: wrapText(String(valueOf(row, y)), 26).join("\n"),
      value: mean,
      note: n > 1 ? `\u00b1${((high - low) / 2).toFixed(digits)}` : undefined,
      n,
    };
  });
  const values = cells.map((cell) => cell.value);
  const largest = Math.max(...values.map(Math.abs)) || 1;
  const domain = diverging ? [-largest, largest] : [Math.min(...values), Math.max(...values)];
  const [least, most] = domain as [number, number];
  const depthOf = (cell: number) =>
    diverging ? Math.abs(cell) / largest : (cell - least) / (most - least || 1);
  const columns = distinct(cells.map((cell) => cell.x));
  const lines = distinct(cells.map((cell) => cell.y));
  const panels = distinct(cells.map((cell) => cell.panel));
  return plotOf({
    title,
    subtitle: options.subtitle ??
      `mean \u00b1 half of the interval; ${seedsText(cells.map((cell) => cell.n))}`,
    rows: cells.map((cell) => ({ ...cell, dark: depthOf(cell.value) > 0.6 })),
    layer: layersOf({
      x: axisOf("x", columns, titleOf(options.xTitle, x, "x")),
      y: axisOf("y", lines, titleOf(options.yTitle, y, "y")),
      color: {
        field: "value",
        type: "quantitative",
        title: valueTitle,
        scale: {
          domain,
          range: diverging ? ["#B35806", "#F7F7F7", "#2166AC"] : ["#F1F6FA", "#08519C"],
          interpolate: "lab",
        },
        legend: {
          ...{ orient: "bottom", gradientLength: 160, gradientThickness: 10, tickCount: 4 },
          format: `.${digits}f`,
        },
      },
      format: `${diverging ? "+" : ""}.${digits}f`,
      noted: cells.some((cell) => cell.note !== undefined),
    }),
    width: columns.length * 62,
    height: lines.length * 42,
    columns: panelColumns(panels.length, columns.length > 4 ? 2 : 3),
    beside: 110,
  });
}

interface Titled {
  readonly field: string;
  readonly title: string;
  readonly [part: string]: unknown;
}

function axisOf(field: string, sort: readonly string[], title: string): Titled {
  return {
    field,
    type: "ordinal",
    sort,
    title,
    axis: { labelAngle: 0, ticks: false, domain: false, ...LINES },
  };
}

function layersOf({ x, y, color, format, noted }: {
  readonly x: Titled;
  readonly y: Titled;
  readonly color: Titled;
  readonly format: string;
  readonly noted: boolean;
}): object[] {
  const ink = { condition: { test: "datum.dark", value: "white" }, value: "black" };
  const tooltip = [
    { field: "x", title: x.title },
    { field: "y", title: y.title },
    { field: "value", type: "quantitative", title: color.title, format },
    { field: "note", title: "half of the interval" },
    { field: "n", title: "seeds" },
  ];
  return [
    {
      mark: { type: "rect", stroke: "white", strokeWidth: 2 },
      encoding: { x, y, color, tooltip },
    },
    {
      mark: { type: "text", fontSize: LABEL_SIZE, dy: noted ? -6 : 0 },
      encoding: { x, y, text: { field: "value", type: "quantitative", format }, color: ink },
    },
    {
      mark: { type: "text", fontSize: 9, dy: 8 },
      transform: [{ filter: "isValid(datum.note)" }],
      encoding: { x, y, text: { field: "note" }, color: ink },
    },
  ];
}
