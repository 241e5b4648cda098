/** Means over seeds along an ordered quantity, one line an arm. */
import { UserError } from "../errors.ts";
import { distinct, type Field, labelOf, numberOf, titleOf, valueOf } from "./fields.ts";
import { armLooks } from "./looks.ts";
import { groupsOf, meanOf, type PlotMean, seedsText } from "./means.ts";
import { meanText, numberText } from "./number_text.ts";
import {
  panelColumns,
  type Plot,
  plotOf,
  type PlotOptions,
  requireSome,
  wrapText,
} from "./plot.ts";
import { NEUTRAL } from "./theme.ts";

/** A dashed horizontal line. */
export interface PlotReference<Row> {
  /** Named under the title. */
  readonly label: string;
  /** A height, or the field whose mean it is in each panel. Default: the plot's y. */
  readonly y?: number | Field<Row>;
  /** The rows that the mean is over. Default: the plot's. */
  readonly rows?: readonly Row[];
}

/** Axes and series of a line plot. */
export interface LinePlotOptions<Row> extends PlotOptions<Row> {
  /** Numbers, or text: then places in order of first appearance. */
  readonly x: Field<Row>;
  /** What is averaged. */
  readonly y: Field<Row>;
  /** Default: "armLabel". */
  readonly series?: Field<Row>;
  /** Default: the column's name. */
  readonly xTitle?: string;
  /** With its unit. Default: the column's name. */
  readonly yTitle?: string;
  /** d3-format of the y axis, ".0%" for shares. Default ".2~f". */
  readonly yFormat?: string;
  /** What the lines are compared with. */
  readonly reference?: PlotReference<Row>;
}

/** Distance between neighbouring x that the series at one x are spread over. */
const DODGE = 0.3;

/**
 * Lines through means over seeds with thin 95 % t intervals; series at one x stand side by side.
 *
 * @throws {UserError} where no row has a finite y, or a mean would mix rows of one seed
 */
export function linePlot<Row extends object>(
  rows: readonly Row[],
  options: LinePlotOptions<Row>,
): Plot {
  const { title, x, y, facet, reference, series = "armLabel" as Field<Row> } = options;
  const drawn = rows.filter((row) => Number.isFinite(numberOf(row, y)));
  requireSome(title, drawn, `a finite ${titleOf(options.yTitle, y, "y")}`);
  const arms = distinct(drawn.map((row) => labelOf(row, series)));
  const places = placesOf(drawn.map((row) => valueOf(row, x)), title);
  const step = places.gap * DODGE / Math.max(1, arms.length - 1);
  const points = groupsOf(title, drawn, [facet, series, x]).map((group) => {
    const row = group[0] as Row;
    const arm = labelOf(row, series);
    const { mean, low, high, n } = meanOf(group, y) as PlotMean;
    const at = places.of(valueOf(row, x));
    return {
      kind: "point",
      panel: labelOf(row, facet),
      series: arm,
      x: at + step * (arms.indexOf(arm) - (arms.length - 1) / 2),
      at: places.names?.[at] ?? at,
      y: mean,
      ...(n > 1 ? { low, high } : {}),
      text: meanText({ mean, low, high }),
      n,
    };
  });
  const panels = distinct(points.map((point) => point.panel));
  const dashed = reference === undefined ? "" : `; dashed: ${reference.label}`;
  const lines = reference === undefined ? [] : panels.flatMap((panel) => {
    const { y: height = y, rows: own = rows } = reference;
    const mean = typeof height === "number"
      ? height
      : meanOf(own.filter((row) => labelOf(row, facet) === panel), height)?.mean;
    const text = `${reference.label}: ${numberText(mean ?? NaN)}`;
    return mean === undefined ? [] : [{ kind: "reference", panel, y: mean, text }];
  });
  const width = panels.length > 1 ? 230 : 440;
  const columns = panelColumns(panels.length);
  return plotOf({
    title,
    subtitle: (options.subtitle ?? seedsText(points.map((point) => point.n))) + dashed,
    rows: [...points, ...lines],
    layer: layersOf({
      ...places,
      xTitle: titleOf(options.xTitle, x, "x"),
      yTitle: titleOf(options.yTitle, y, "y"),
      yFormat: options.yFormat ?? ".2~f",
      looks: armLooks("series", arms, columns * width),
    }),
    width,
    height: panels.length > 1 ? 210 : 260,
    columns,
  });
}

interface Places {
  readonly ticks: readonly number[];
  /** Least distance between neighbours. */
  readonly gap: number;
  /** Of places that stand for text. */
  readonly names: readonly string[] | undefined;
  of(value: unknown): number;
}

function placesOf(values: readonly unknown[], plot: string): Places {
  const kinds = distinct(values);
  const numbers = kinds.filter((value) => typeof value === "number" && Number.isFinite(value));
  if (numbers.length !== kinds.length && kinds.some((kind) => typeof kind !== "string")) {
    const odd = kinds.find((kind) => !numbers.includes(kind));
    throw new UserError(`plot "${plot}": an x is ${odd}; filter the rows to numbers or text alone`);
  }
  const names = numbers.length === kinds.length ? undefined : kinds.map(String);
  const of = (value: unknown) => names?.indexOf(String(value)) ?? value as number;
  const ticks = kinds.map(of).sort((a, b) => a - b);
  const gaps = ticks.slice(1).map((tick, i) => tick - (ticks[i] as number));
  return { ticks, gap: gaps.length === 0 ? 1 : Math.min(...gaps), names, of };
}

function layersOf({ ticks, gap, names, xTitle, yTitle, yFormat, looks }: Places & {
  readonly xTitle: string;
  readonly yTitle: string;
  readonly yFormat: string;
  readonly looks: { readonly color: object; readonly shape: object };
}): object[] {
  const ends = [(ticks[0] as number) - gap / 4, (ticks.at(-1) as number) + gap / 4];
  const x = {
    field: "x",
    type: "quantitative",
    title: xTitle,
    // Without a precision, the step between ticks would set it.
    axis: {
      ...{ values: ticks, grid: false, format: ".6~g" },
      ...(names === undefined ? {} : {
        ...{ labelOverlap: false, labelLimit: 0 },
        labelExpr: `${JSON.stringify(names.map((name) => wrapText(name, 14)))}[datum.value]`,
      }),
    },
    scale: { domain: ends, nice: false, zero: false },
  };
  const y = {
    field: "y",
    type: "quantitative",
    title: yTitle,
    scale: { zero: false, nice: true },
    axis: { format: yFormat, tickCount: 6 },
  };
  const tooltip = [
    { field: "series", title: "arm" },
    { field: "at", title: xTitle },
    { field: "text", title: yTitle },
    { field: "n", title: "seeds" },
  ];
  const { color, shape } = looks;
  const only = (filter: string) => [{ filter }];
  return [
    {
      mark: { type: "rule", opacity: 0.5 },
      transform: only("isValid(datum.low)"),
      encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color, tooltip },
    },
    {
      mark: { type: "line", strokeWidth: 1.6 },
      transform: only("datum.kind == 'point'"),
      encoding: { x, y, color },
    },
    {
      mark: { type: "point", filled: true, size: 46, opacity: 1 },
      transform: only("datum.kind == 'point'"),
      encoding: { x, y, color, shape, tooltip },
    },
    {
      mark: { type: "rule", strokeDash: [4, 4], color: NEUTRAL },
      transform: only("datum.kind == 'reference'"),
      encoding: { y, tooltip: { field: "text" } },
    },
  ];
}
