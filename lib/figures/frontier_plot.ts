/** What an arm gains for how far it moved: gold reward against KL, iteration by iteration. */
import { distinct, type Field, labelOf, numberOf, titleOf } from "./fields.ts";
import { armLooks } from "./looks.ts";
import { groupsOf, meanOf, type PlotMean, seedsText } from "./means.ts";
import { meanText } from "./number_text.ts";
import { panelColumns, type Plot, plotOf, type PlotOptions, requireSome } from "./plot.ts";
import { robustRange } from "./robust_range.ts";

/** Axes and series of a frontier. */
export interface FrontierPlotOptions<Row> extends PlotOptions<Row> {
  /** Default: "kl". */
  readonly x?: Field<Row>;
  /** Default: "gold". */
  readonly y?: Field<Row>;
  /** Default: "armLabel". */
  readonly series?: Field<Row>;
  /** Default: "KL to SFT (nats per response)". */
  readonly xTitle?: string;
  /** Default: "gold reward". */
  readonly yTitle?: string;
}

/**
 * One path an arm, through its means over seeds at each iteration; the last has a large mark and the
 * 95 % t intervals of both axes. Every mean is shown; a few wide intervals of the height are cut at the
 * edge, and the subtitle says so; those of a distance end at 0 where every mean is above it.
 *
 * @throws {UserError} where no row has both values, or a mean would mix rows of one seed
 */
export function frontierPlot<Row extends { readonly iteration: number }>(
  rows: readonly Row[],
  options: FrontierPlotOptions<Row>,
): Plot {
  const { title, facet, xTitle = "KL to SFT (nats per response)", yTitle = "gold reward" } =
    options;
  const { x = "kl" as Field<Row>, y = "gold" as Field<Row> } = options;
  const { series = "armLabel" as Field<Row> } = options;
  const drawn = rows.filter((row) => Number.isFinite(numberOf(row, x) + numberOf(row, y)));
  requireSome(title, drawn, `both ${titleOf(undefined, x, "x")} and ${titleOf(undefined, y, "y")}`);
  const arms = distinct(drawn.map((row) => labelOf(row, series)));
  const means = groupsOf(title, drawn, [facet, series, "iteration"]).map((group) => {
    const row = group[0] as Row;
    const [kl, gold] = [meanOf(group, x), meanOf(group, y)] as [PlotMean, PlotMean];
    return {
      panel: labelOf(row, facet),
      series: labelOf(row, series),
      iteration: row.iteration,
      x: kl.mean,
      y: gold.mean,
      ...(kl.n > 1 ? { xLow: kl.low, xHigh: kl.high, yLow: gold.low, yHigh: gold.high } : {}),
      xText: meanText(kl),
      yText: meanText(gold),
      n: kl.n,
    };
  });
  // A bar of a distance that reaches below 0, where no distance is, would stretch the axis.
  const floor = means.every((point) => point.x >= 0) ? 0 : -Infinity;
  const points = means.map((point) => ({
    ...point,
    ...(point.xLow === undefined ? {} : { xLow: Math.max(floor, point.xLow) }),
    end: means.every((other) =>
      other.panel !== point.panel || other.series !== point.series ||
      other.iteration <= point.iteration
    ),
  }));
  const heights = points.flatMap(({ end, y, yLow, yHigh }) =>
    end && yLow !== undefined && yHigh !== undefined ? [y, yLow, yHigh] : [y]
  );
  const range = robustRange(heights);
  const shown = [range, points.map((point) => point.y)].flat();
  const [low, high] = [Math.min(...shown), Math.max(...shown)];
  const cut = heights.some((height) => height < low || height > high);
  const panels = distinct(points.map((point) => point.panel));
  const width = panels.length > 1 ? 250 : 440;
  const columns = panelColumns(panels.length);
  return plotOf({
    title,
    subtitle: (options.subtitle ??
      `${
        seedsText(points.map((point) => point.n))
      }; paths run from the SFT model to the last iteration`) +
      (cut ? "; wide intervals are cut at the edge" : ""),
    rows: points,
    layer: layersOf(
      xTitle,
      { yTitle, ...(cut ? { domain: [low, high] } : {}) },
      armLooks("series", arms, columns * width),
    ),
    width,
    height: panels.length > 1 ? 240 : 300,
    columns,
  });
}

function layersOf(
  xTitle: string,
  { yTitle, domain }: { readonly yTitle: string; readonly domain?: readonly number[] },
  { color, shape }: { readonly color: object; readonly shape: object },
): object[] {
  const x = {
    field: "x",
    type: "quantitative",
    title: xTitle,
    scale: { zero: true, nice: true },
    axis: { tickCount: 6 },
  };
  const y = {
    field: "y",
    type: "quantitative",
    title: yTitle,
    scale: { zero: false, nice: true, ...(domain === undefined ? {} : { domain, clamp: true }) },
  };
  const tooltip = [
    { field: "series", title: "arm" },
    { field: "iteration" },
    { field: "xText", title: xTitle },
    { field: "yText", title: yTitle },
    { field: "n", title: "seeds" },
  ];
  const rule = { type: "rule", strokeWidth: 1.2, opacity: 0.6 };
  const ends = (field: string) => [{ filter: `datum.end && isValid(datum.${field})` }];
  return [
    {
      mark: rule,
      transform: ends("yLow"),
      encoding: { x, y: { ...y, field: "yLow" }, y2: { field: "yHigh" }, color },
    },
    {
      mark: rule,
      transform: ends("xLow"),
      encoding: { x: { ...x, field: "xLow" }, x2: { field: "xHigh" }, y, color },
    },
    {
      mark: { type: "line", strokeWidth: 1.2, opacity: 0.75 },
      encoding: { x, y, color, order: { field: "iteration", type: "quantitative" } },
    },
    {
      mark: { type: "point", filled: true, size: 18, opacity: 0.9 },
      encoding: { x, y, color, tooltip },
    },
    {
      mark: { type: "point", filled: true, size: 84, opacity: 1 },
      transform: [{ filter: "datum.end" }],
      encoding: { x, y, color, shape, tooltip },
    },
  ];
}
