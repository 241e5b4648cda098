/** Paired differences against a baseline with their 95 % intervals and a zero line. */
import type { TopLevelSpec } from "vega-lite";
import { distinct, figure, type FigureText, requireRows } from "./layout.ts";
import { LABEL_SIZE, NEUTRAL, PALETTE } from "./theme.ts";

/** One contrast. */
export interface IntervalRow {
  /** What is compared, e.g. "IRM 70 %". */
  readonly label: string;
  /** Mean of the paired differences and the ends of its 95 % interval. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** Pairs of seeds it rests on: shown where they are not the same in all rows. */
  readonly seeds?: number;
  readonly panel?: string;
}

/** Names of the intervals plot. */
export interface IntervalOptions extends FigureText {
  /** What the difference measures, with its unit, e.g. "gold reward minus random selection's". */
  readonly xTitle: string;
}

/** "+0.23 [+0.16, +0.30]", with a true minus sign. */
export function intervalText(row: { difference: number; low: number; high: number }): string {
  const signed = (value: number) =>
    (value < 0 ? "\u2212" : "+") + Math.abs(value).toFixed(Math.abs(value) >= 100 ? 0 : 2);
  return `${signed(row.difference)} [${signed(row.low)}, ${signed(row.high)}]`;
}

/**
 * A point and interval a contrast, in the order of the rows; coloured where zero is outside.
 *
 * @throws UserError on an empty table or a value that is not finite.
 */
export function intervalsFigure(
  rows: readonly IntervalRow[],
  options: IntervalOptions,
): TopLevelSpec {
  requireRows("intervals", rows, ["difference", "low", "high"]);
  const labels = distinct(rows.map((row) => row.label));
  const several = distinct(rows.map((row) => row.panel ?? "")).length > 1;
  const counted = distinct(rows.map((row) => row.seeds)).length > 1;
  const room = counted ? 172 : 136;
  const width = (several ? 150 : 340) + room;
  const ends = rows.flatMap((row) => [row.low, row.high, 0]);
  const pad = (Math.max(...ends) - Math.min(...ends) || 1) * 0.04;
  const drawn = rows.map((row) => ({
    ...row,
    text: intervalText(row) + (counted && row.seeds !== undefined ? ` n ${row.seeds}` : ""),
    sign: row.low > 0 ? "above zero" : row.high < 0 ? "below zero" : "zero inside",
  }));
  const x = {
    field: "difference",
    type: "quantitative",
    title: options.xTitle,
    scale: {
      domain: [Math.min(...ends) - pad, Math.max(...ends) + pad],
      nice: false,
      range: [0, width - room],
    },
    axis: { tickCount: 5, format: "+.2~f" },
  };
  const y = {
    field: "label",
    type: "nominal",
    sort: labels,
    title: null,
    axis: { grid: false, ticks: false, domain: false, labelPadding: 8, labelLimit: 400 },
  };
  const color = {
    field: "sign",
    type: "nominal",
    scale: {
      domain: ["above zero", "zero inside", "below zero"],
      range: [PALETTE[0], NEUTRAL, PALETTE[1]],
    },
    legend: null,
  };
  const layer = [
    { mark: { type: "rule", color: "#000000", strokeWidth: 1 }, encoding: { x: { datum: 0 } } },
    {
      mark: { type: "rule", strokeWidth: 2 },
      encoding: { x: { ...x, field: "low" }, x2: { field: "high" }, y, color },
    },
    { mark: { type: "point", filled: true, size: 70, opacity: 1 }, encoding: { x, y, color } },
    {
      mark: { type: "text", align: "left", fontSize: LABEL_SIZE, dx: 10 },
      encoding: { x: { value: width - room }, y, text: { field: "text" }, color },
    },
  ];
  return figure({
    ...options,
    rows: drawn,
    layer,
    width,
    height: Math.max(60, labels.length * 26),
  });
}
