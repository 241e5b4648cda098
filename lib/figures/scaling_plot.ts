/** Time against the size of the work, both on logarithmic axes, with the measured slope. */
import type { TopLevelSpec } from "vega-lite";
import { UserError } from "../errors.ts";
import {
  armColour,
  distinct,
  figure,
  type FigureText,
  labelRoom,
  requireRows,
  spread,
} from "./layout.ts";
import { LABEL_SIZE, NEUTRAL } from "./theme.ts";

/** One measurement. */
export interface ScalingRow {
  readonly series: string;
  /** Amount of work: pairs, tokens, width; above 0. */
  readonly size: number;
  /** Median seconds; above 0. */
  readonly seconds: number;
  readonly panel?: string;
}

/** Axes of the scaling plot. */
export interface ScalingOptions extends FigureText {
  readonly xTitle: string;
  /** Slope expected by counting operations; drawn dashed through the first series' start. */
  readonly expectedSlope?: number;
}

/**
 * Slope of log(seconds) on log(size) by least squares: 1 is linear growth. NaN below two sizes.
 */
export function logLogSlope(points: readonly { size: number; seconds: number }[]): number {
  const xs = points.map((point) => Math.log(point.size));
  const ys = points.map((point) => Math.log(point.seconds));
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const [mx, my] = [mean(xs), mean(ys)];
  const covariance = xs.reduce((sum, x, i) => sum + (x - mx) * ((ys[i] as number) - my), 0);
  const variance = xs.reduce((sum, x) => sum + (x - mx) ** 2, 0);
  return variance === 0 ? NaN : covariance / variance;
}

/**
 * Log-log lines, one a series, each labelled with its slope.
 *
 * @throws UserError on an empty table or a size or time that is not above zero.
 */
export function scalingFigure(rows: readonly ScalingRow[], options: ScalingOptions): TopLevelSpec {
  requireRows("scaling", rows, ["size", "seconds"]);
  const bad = rows.findIndex((row) => row.size <= 0 || row.seconds <= 0);
  if (bad >= 0) {
    throw new UserError(
      `figure scaling: row ${bad} has size ${rows[bad]?.size} and ${rows[bad]?.seconds} seconds; ` +
        "a logarithmic axis needs both above zero",
    );
  }
  const series = distinct(rows.map((row) => row.series));
  const sizes = distinct(rows.map((row) => row.size)).sort((a, b) => a - b);
  const height = 280;
  const seconds = rows.map((row) => row.seconds);
  const expected = options.expectedSlope;
  const start = rows[0] as ScalingRow;
  const lastSize = sizes.at(-1) as number;
  const expectedEnd = expected === undefined
    ? start.seconds
    : start.seconds * (lastSize / start.size) ** expected;
  const domain = [
    Math.min(...seconds) / 1.15,
    Math.max(...seconds, expectedEnd) * 1.15,
  ] as const;
  const gap = Math.log(domain[1] / domain[0]) * (LABEL_SIZE + 2) / height;
  const groups = distinct(rows.map((row) => row.panel ?? "")).map((panel) => {
    const ends = series.flatMap((name) => {
      const line = rows.filter((row) => row.series === name && (row.panel ?? "") === panel);
      if (line.length === 0) return [];
      const slope = logLogSlope(line);
      const end = line.reduce((a, b) => b.size > a.size ? b : a);
      return [{
        end,
        label: Number.isNaN(slope) ? name : `${name}, slope ${slope.toFixed(2)}`,
      }];
    });
    const places = spread(ends.map(({ end }) => Math.log(end.seconds)), gap);
    return ends.map((entry, index) => ({ ...entry, y: Math.exp(places[index] as number) }));
  }).flat();
  const room = labelRoom(groups.map((group) => group.label));
  const width = 340 + room;
  const drawn = rows.map((row) => {
    const group = groups.find(({ end }) => end === row);
    return group === undefined ? row : { ...row, label: group.label, labelY: group.y };
  });
  const x = {
    field: "size",
    type: "quantitative",
    title: options.xTitle,
    scale: { type: "log", nice: false, range: [8, width - room] },
    axis: { values: sizes, format: "~s", grid: false },
  };
  const y = {
    field: "seconds",
    type: "quantitative",
    title: "seconds",
    scale: { type: "log", domain, nice: false },
    axis: { format: "~g", tickCount: 6 },
  };
  const color = armColour("series", series, false);
  const layer = [
    { mark: { type: "line", strokeWidth: 2 }, encoding: { x, y, color } },
    { mark: { type: "point", filled: true, size: 40, opacity: 1 }, encoding: { x, y, color } },
    ...(expected === undefined ? [] : [{
      mark: { type: "rule", strokeDash: [4, 4], color: NEUTRAL },
      encoding: {
        x: { ...x, field: undefined, datum: start.size },
        x2: { datum: lastSize },
        y: { ...y, field: undefined, datum: start.seconds },
        y2: { datum: expectedEnd },
      },
    }]),
    {
      mark: { type: "text", align: "left", dx: 8, fontSize: LABEL_SIZE },
      transform: [{ filter: "isValid(datum.label)" }],
      encoding: { x, y: { ...y, field: "labelY" }, text: { field: "label" }, color },
    },
  ];
  const subtitle = [
    ...(options.subtitle === undefined ? [] : [options.subtitle]),
    ...(expected === undefined ? [] : [`dashed: expected slope ${expected}`]),
  ].join("; ");
  return figure({
    title: options.title,
    ...(subtitle === "" ? {} : { subtitle }),
    rows: drawn,
    layer,
    width,
    height,
  });
}
