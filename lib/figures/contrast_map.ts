/** Paired differences over two settings: which arm gains where, and which is the best there. */
import { UserError } from "../errors.ts";
import { distinct, type Field, titleOf, valueOf } from "./fields.ts";
import type { DrawnContrast } from "./interval_plot.ts";
import { intervalsText, seedsText } from "./means.ts";
import { intervalText } from "./number_text.ts";
import { LINES, type Plot, plotOf, type PlotOptions, requireSome, wrapText } from "./plot.ts";
import { robustRange } from "./robust_range.ts";
import { type Standing, standings } from "./standings.ts";
import { LABEL_ADVANCE, LABEL_SIZE } from "./theme.ts";

/** Axes of a map of differences. */
export interface ContrastMapOptions<C> extends Omit<PlotOptions<C>, "facet"> {
  /** Columns, in order of first appearance; the best is marked within each. */
  readonly x: Field<C>;
  /** Lines, in order of first appearance. */
  readonly y: Field<C>;
  /** Which contrasts may be the best of their column. Default: all. */
  readonly ranked?: (contrast: C) => boolean;
  /** Default: the column's name. */
  readonly xTitle?: string;
  /** Default: the column's name. */
  readonly yTitle?: string;
  /** What the difference measures, with its unit. Default "difference". */
  readonly valueTitle?: string;
}

/** Of one cell, px. */
const CELL = { width: 76, height: 40 } as const;

const STANDINGS: Readonly<Record<Standing, string>> = {
  best: "the best of its column",
  level: "not told apart from the best",
  behind: "behind the best",
  unranked: "not ranked",
};

/**
 * A coloured grid of paired differences from one baseline: mean and half of the 95 % interval in each
 * cell, bold where 0 lies outside. A thick frame marks the best of each column, a dashed one those
 * that cannot be told apart from it (see `standings`). A few far values do not stretch the colours;
 * the subtitle says where these end.
 *
 * @throws {UserError} without contrasts, or where two fall in one cell
 */
export function contrastMap<C extends DrawnContrast>(
  contrasts: readonly C[],
  options: ContrastMapOptions<C>,
): Plot {
  const { title, x, y, ranked, valueTitle = "difference" } = options;
  requireSome(title, contrasts, "a difference of two seeds");
  const standing = standings(contrasts, {
    column: x,
    ...(ranked === undefined ? {} : { ranked }),
  });
  const [least, most] = robustRange([0, ...contrasts.map(({ mean }) => mean)]);
  const largest = Math.max(-least, most) || 1;
  const beyond = contrasts.some(({ mean }) => Math.abs(mean) > largest);
  const cells = contrasts.map((contrast, i) => {
    const { mean, low, high, n } = contrast;
    const half = Math.abs(high - low) / 2;
    return {
      panel: "",
      x: wrapText(String(valueOf(contrast, x)), 12).join("\n"),
      y: wrapText(String(valueOf(contrast, y)), 26).join("\n"),
      value: mean,
      text: (mean < 0 ? "\u2212" : "+") + Math.abs(mean).toFixed(2),
      ...(Number.isFinite(half) ? { note: `\u00b1${half.toFixed(2)}` } : {}),
      interval: intervalText(contrast),
      clear: low > 0 || high < 0,
      dark: Math.abs(mean) / largest > 0.7,
      standing: standing[i] as Standing,
      place: STANDINGS[standing[i] as Standing],
      n,
    };
  });
  const places = cells.map((cell) => `${cell.y} | ${cell.x}`.replaceAll("\n", " "));
  const twice = places.find((place, i) => places.indexOf(place) !== i);
  if (twice !== undefined) {
    throw new UserError(`plot "${title}": two contrasts fall in the cell "${twice}"; set x or y`);
  }
  const columns = distinct(cells.map((cell) => cell.x));
  const lines = distinct(cells.map((cell) => cell.y));
  const widest = Math.max(...lines.flatMap((line) => line.split("\n")).map(({ length }) => length));
  return plotOf({
    title,
    subtitle: options.subtitle ??
      `mean \u00b1 half of the interval, bold where 0 lies outside; thick frame: the best of its ` +
        `column, dashed: not told apart from it; ${
          seedsText(cells.map((cell) => cell.n), "seeds", intervalsText(contrasts))
        }` +
        (beyond ? `; colours end at \u00b1${largest.toFixed(2)}` : ""),
    rows: cells,
    layer: layersOf(
      axisOf("x", columns, titleOf(options.xTitle, x, "")),
      axisOf("y", lines, titleOf(options.yTitle, y, "")),
      { largest, valueTitle },
    ),
    width: columns.length * CELL.width,
    height: lines.length * CELL.height,
    columns: 1,
    beside: LABEL_ADVANCE * widest + 40,
  });
}

function axisOf(field: string, sort: readonly string[], title: string): object {
  const axis = { labelAngle: 0, ticks: false, domain: false, labelPadding: 6, ...LINES };
  const scale = { paddingInner: 0.06, paddingOuter: 0.03 };
  return { field, type: "ordinal", sort, title: title === "" ? null : title, axis, scale };
}

function layersOf(
  x: object,
  y: object,
  { largest, valueTitle }: { readonly largest: number; readonly valueTitle: string },
): object[] {
  const color = {
    field: "value",
    type: "quantitative",
    title: valueTitle,
    scale: {
      ...{ domain: [-largest, 0, largest], clamp: true, interpolate: "lab" },
      range: ["#B35806", "#F7F7F7", "#2166AC"],
    },
    legend: {
      ...{ orient: "bottom", gradientLength: 160, gradientThickness: 10, tickCount: 4 },
      ...{ format: "+.2f", titleLimit: 0 },
    },
  };
  const ink = { condition: { test: "datum.dark", value: "white" }, value: "black" };
  const tooltip = [
    { field: "y", title: "line" },
    { field: "x", title: "column" },
    { field: "interval", title: valueTitle },
    { field: "place", title: "standing" },
    { field: "n", title: "paired seeds" },
  ];
  const only = (test: string) => [{ filter: test }];
  const frame = (standing: Standing, mark: object) => ({
    mark: { type: "rect", fill: null, stroke: "black", ...mark },
    transform: only(`datum.standing == '${standing}'`),
    encoding: { x, y, tooltip },
  });
  const mean = (test: string, fontWeight: string) => ({
    mark: { type: "text", fontSize: LABEL_SIZE, dy: -6, fontWeight },
    transform: only(test),
    encoding: { x, y, text: { field: "text" }, color: ink },
  });
  return [
    {
      mark: { type: "rect" },
      encoding: { x, y, color, tooltip },
    },
    frame("level", { strokeWidth: 1, strokeDash: [3, 3] }),
    frame("best", { strokeWidth: 2.5 }),
    mean("datum.clear", "bold"),
    mean("!datum.clear", "normal"),
    {
      mark: { type: "text", fontSize: 9, dy: 8 },
      transform: only("isValid(datum.note)"),
      encoding: { x, y, text: { field: "note" }, color: ink },
    },
  ];
}
