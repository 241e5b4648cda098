/** Time against the size of the work, both on logarithmic axes, with the measured slope. */
import { UserError } from "../errors.ts";
import { distinct, type Field, labelOf, numberOf, titleOf } from "./fields.ts";
import { armLooks } from "./looks.ts";
import { groupsOf, meanOf } from "./means.ts";
import { numberText } from "./number_text.ts";
import { panelColumns, type Plot, plotOf, type PlotOptions, requireSome } from "./plot.ts";
import { NEUTRAL } from "./theme.ts";

/** Axes of the scaling plot. */
export interface ScalingPlotOptions<Row> extends PlotOptions<Row> {
  /** Amount of work: pairs, tokens, width; above 0. */
  readonly x: Field<Row>;
  /** Seconds; above 0. */
  readonly y: Field<Row>;
  /** One line for each value. */
  readonly series: Field<Row>;
  /** Default: the column's name. */
  readonly xTitle?: string;
  /** Default: "seconds". */
  readonly yTitle?: string;
  /** Slope expected by counting operations; drawn dashed from the first series' start. */
  readonly expectedSlope?: number;
}

/** Slope of log(y) on log(x) by least squares: 1 is linear growth. NaN below two sizes. */
export function logLogSlope(points: readonly { readonly x: number; readonly y: number }[]): number {
  const xs = points.map((point) => Math.log(point.x));
  const ys = points.map((point) => Math.log(point.y));
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const [mx, my] = [mean(xs), mean(ys)];
  const covariance = xs.reduce((sum, x, i) => sum + (x - mx) * ((ys[i] as number) - my), 0);
  const variance = xs.reduce((sum, x) => sum + (x - mx) ** 2, 0);
  return variance === 0 ? NaN : covariance / variance;
}

/**
 * Log-log lines through the means at each size, one a series, named with its slope.
 *
 * @throws {UserError} without rows, or on a size or time that is not above zero
 */
export function scalingPlot<Row extends object>(
  rows: readonly Row[],
  options: ScalingPlotOptions<Row>,
): Plot {
  const { title, x, y, facet, series, expectedSlope, yTitle = "seconds" } = options;
  requireSome(title, rows, "a size and a time");
  const bad = rows.find((row) => !(numberOf(row, x) > 0 && numberOf(row, y) > 0));
  if (bad !== undefined) {
    throw new UserError(
      `plot "${title}": a row of ${labelOf(bad, series)} has ${numberOf(bad, x)} and ` +
        `${numberOf(bad, y)}; logarithmic axes need both above zero`,
    );
  }
  const means = groupsOf(title, rows, [facet, series, x], ["seed", "iteration"]).map((group) => ({
    panel: labelOf(group[0] as Row, facet),
    series: labelOf(group[0] as Row, series),
    x: numberOf(group[0] as Row, x),
    y: meanOf(group, y)?.mean as number,
    n: group.length,
  }));
  const panels = distinct(means.map((point) => point.panel));
  const points = [...Map.groupBy(means, (point) => JSON.stringify([point.panel, point.series]))]
    .flatMap(([, line]) => {
      const slope = logLogSlope(line);
      const named = Number.isNaN(slope) ? "" : `, slope ${slope.toFixed(2)}`;
      return line.map((point) => ({
        ...point,
        series: panels.length > 1 ? point.series : point.series + named,
        text: `${numberText(point.y)}${named}`,
      }));
    });
  const names = distinct(points.map((point) => point.series));
  const sizes = distinct(points.map((point) => point.x)).sort((a, b) => a - b);
  const expected = expectedSlope === undefined ? [] : panels.map((panel) => {
    const start = points.find((point) => point.panel === panel) as (typeof points)[number];
    const end = sizes.at(-1) as number;
    return {
      panel,
      from: start.x,
      to: end,
      y: start.y,
      last: start.y * (end / start.x) ** expectedSlope,
    };
  });
  const width = panels.length > 1 ? 230 : 400;
  const columns = panelColumns(panels.length);
  const dashed = expectedSlope === undefined ? "" : `dashed: expected slope ${expectedSlope}`;
  return plotOf({
    title,
    subtitle: [options.subtitle ?? "", dashed].filter((text) => text !== "").join("; "),
    rows: [...points, ...expected],
    layer: layersOf(titleOf(options.xTitle, x, "size"), yTitle, {
      sizes,
      looks: armLooks("series", names, columns * width),
    }),
    width,
    height: 260,
    columns,
  });
}

function layersOf(xTitle: string, yTitle: string, { sizes, looks: { color, shape } }: {
  readonly sizes: readonly number[];
  readonly looks: { readonly color: object; readonly shape: object };
}): object[] {
  const x = {
    field: "x",
    type: "quantitative",
    title: xTitle,
    scale: { type: "log", nice: false, padding: 8 },
    axis: { values: sizes, format: "~s", grid: false },
  };
  const y = {
    field: "y",
    type: "quantitative",
    title: yTitle,
    scale: { type: "log", nice: false, padding: 8 },
    axis: { format: "~g", tickCount: 6 },
  };
  const tooltip = [
    { field: "series" },
    { field: "x", title: xTitle },
    { field: "text", title: yTitle },
  ];
  const measured = [{ filter: "isValid(datum.series)" }];
  return [
    {
      mark: { type: "rule", strokeDash: [4, 4], color: NEUTRAL },
      transform: [{ filter: "isValid(datum.last)" }],
      encoding: { x: { ...x, field: "from" }, x2: { field: "to" }, y, y2: { field: "last" } },
    },
    {
      mark: { type: "line", strokeWidth: 1.8 },
      transform: measured,
      encoding: { x, y, color },
    },
    {
      mark: { type: "point", filled: true, size: 46, opacity: 1 },
      transform: measured,
      encoding: { x, y, color, shape, tooltip },
    },
  ];
}
