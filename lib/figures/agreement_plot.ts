/** Whether two metrics tell the same of what is compared: one's differences against the other's. */
import { distinct, type Field, labelOf } from "./fields.ts";
import { armLooks } from "./looks.ts";
import { seedsText } from "./means.ts";
import { type Interval, intervalText } from "./number_text.ts";
import { type Plot, plotOf, type PlotOptions, requireSome } from "./plot.ts";
import { robustRange } from "./robust_range.ts";

/** One contrast by two metrics. */
export interface DoubleContrast {
  /** What is compared, and where. */
  readonly label: string;
  /** Its difference by the metric across. */
  readonly x: Interval;
  /** Its difference by the metric up. */
  readonly y: Interval;
  /** Seeds that have both arms. */
  readonly n: number;
}

/** Axes and colours of the plot of agreement. */
export interface AgreementPlotOptions<C> extends Omit<PlotOptions<C>, "facet"> {
  /** Colour and shape. */
  readonly series: Field<C>;
  /** What the difference across measures, with its unit. */
  readonly xTitle: string;
  /** Likewise up. */
  readonly yTitle: string;
}

/**
 * A mark a contrast, at its mean differences by two metrics: those to whose sign both agree lie in the
 * shaded quarters. Where 0 lies outside an interval of the height, the mark is large and has both 95 %
 * intervals. A few far values do not stretch the axes: they stand at the edge, and the subtitle says
 * how many.
 *
 * @throws {UserError} without contrasts
 */
export function agreementPlot<C extends DoubleContrast>(
  contrasts: readonly C[],
  options: AgreementPlotOptions<C>,
): Plot {
  const { title, series, xTitle, yTitle } = options;
  requireSome(title, contrasts, "a difference of two seeds");
  const rangeOf = (axis: "x" | "y"): Range => {
    const [low, high] = robustRange([
      0,
      ...contrasts.flatMap((c) => [c[axis].mean, ...(clear(c) ? ends(c[axis]) : [])]),
    ]);
    const pad = 0.04 * (high - low || 1);
    return [low - pad, high + pad];
  };
  const [across, up] = [rangeOf("x"), rangeOf("y")];
  const points = contrasts.map((c) => ({
    panel: "",
    label: c.label,
    series: labelOf(c, series),
    ...{ x: c.x.mean, xLow: c.x.low, xHigh: c.x.high, xText: intervalText(c.x) },
    ...{ y: c.y.mean, yLow: c.y.low, yHigh: c.y.high, yText: intervalText(c.y) },
    n: c.n,
    clear: clear(c),
  }));
  const outside = (value: number, [low, high]: Range) => value < low || value > high;
  const far = points.filter(({ x, y }) => outside(x, across) || outside(y, up)).length;
  const quarters = [[across[0], up[0]], [across[1], up[1]]]
    .map(([x, y]) => ({ panel: "", edge: x, height: y }));
  return plotOf({
    title,
    subtitle: options.subtitle ??
      `a mark is a contrast's mean over ${
          seedsText(contrasts.map(({ n }) => n), "paired seeds", "large, with its 95 % intervals,")
        } where 0 lies outside the interval of the ${yTitle} (uncorrected); shaded: both have one sign` +
        (far === 0 ? "" : `; at the edge, farther out: ${far}`),
    rows: [...points, ...quarters],
    layer: layersOf(
      axisOf("x", xTitle, across),
      axisOf("y", yTitle, up),
      armLooks("series", distinct(points.map((point) => point.series)), WIDTH),
    ),
    ...{ width: WIDTH, height: 340, columns: 1 },
  });
}

/** What an axis shows. */
type Range = readonly [low: number, high: number];

/** Of the plot's inside, px. */
const WIDTH = 480;

function clear({ y }: DoubleContrast): boolean {
  return y.low > 0 || y.high < 0;
}

function ends({ low, high }: Interval): number[] {
  return [low, high].filter(Number.isFinite);
}

function axisOf(field: "x" | "y", title: string, domain: Range): object {
  return {
    field,
    type: "quantitative",
    title,
    scale: { domain, clamp: true, nice: false, zero: false },
    axis: {
      tickCount: 6,
      labelExpr: "datum.value == 0 ? '0' : format(datum.value, '+.2~f')",
    },
  };
}

function layersOf(
  x: object,
  y: object,
  { color, shape }: { readonly color: object; readonly shape: object },
): object[] {
  const titleOf = (axis: object) => (axis as { readonly title: string }).title;
  const tooltip = [
    { field: "label", title: "contrast" },
    { field: "xText", title: titleOf(x) },
    { field: "yText", title: titleOf(y) },
    { field: "n", title: "paired seeds" },
  ];
  const zero = { datum: 0 };
  const only = (test: string) => [{ filter: test }];
  const bar = { type: "rule", strokeWidth: 1, opacity: 0.45 };
  const mark = (test: string, size: number, opacity: number) => ({
    mark: { type: "point", filled: true, size, opacity },
    transform: only(test),
    encoding: { x, y, color, shape, tooltip },
  });
  return [
    {
      mark: { type: "rect", color: "#F0F0F0", tooltip: null },
      transform: only("isValid(datum.edge)"),
      encoding: {
        ...{ x: { ...x, field: "edge" }, x2: zero, y: { ...y, field: "height" }, y2: zero },
        tooltip: { value: null },
      },
    },
    ...[{ x: { ...x, ...ZERO } }, { y: { ...y, ...ZERO } }].map((encoding) => ({
      mark: { type: "rule", color: "black" },
      transform: only("isValid(datum.edge)"),
      encoding,
    })),
    mark("isValid(datum.clear) && !datum.clear", 26, 0.55),
    {
      mark: bar,
      transform: only("datum.clear"),
      encoding: { x, y: { ...y, field: "yLow" }, y2: { field: "yHigh" }, color },
    },
    {
      mark: bar,
      transform: only("datum.clear"),
      encoding: { x: { ...x, field: "xLow" }, x2: { field: "xHigh" }, y, color },
    },
    mark("datum.clear", 84, 1),
  ];
}

/** In place of an axis's field. */
const ZERO = { field: undefined, datum: 0 } as const;
