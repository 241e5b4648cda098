/** Gold reward against KL to the reference: what an arm gains for how far it moved. */
import type { TopLevelSpec } from "vega-lite";
import { armColour, armShape, distinct, figure, type FigureText, requireRows } from "./layout.ts";

/** One arm (at one iteration) on the frontier. */
export interface FrontierRow {
  readonly arm: string;
  /** Mean KL to the reference, nats a response, and its interval. */
  readonly kl: number;
  readonly klLow?: number;
  readonly klHigh?: number;
  /** Mean gold reward and its interval. */
  readonly gold: number;
  readonly goldLow: number;
  readonly goldHigh: number;
  readonly panel?: string;
}

/**
 * One mark an arm with its intervals; rows of one arm are joined in the order of `kl`.
 *
 * @throws UserError on an empty table or a value that is not finite.
 */
export function frontierFigure(rows: readonly FrontierRow[], text: FigureText): TopLevelSpec {
  requireRows("frontier", rows, ["kl", "gold", "goldLow", "goldHigh"]);
  const arms = distinct(rows.map((row) => row.arm));
  const several = distinct(rows.map((row) => row.panel ?? "")).length > 1;
  const x = {
    field: "kl",
    type: "quantitative",
    title: "KL to the reference (nats a response)",
    scale: { zero: true, nice: true },
    axis: { tickCount: 6 },
  };
  const y = {
    field: "gold",
    type: "quantitative",
    title: "gold reward",
    scale: { zero: false, nice: true },
  };
  const color = armColour("arm", arms, true);
  const layer = [
    {
      mark: { type: "rule", strokeWidth: 1.2, opacity: 0.7 },
      encoding: { x, y: { ...y, field: "goldLow" }, y2: { field: "goldHigh" }, color },
    },
    ...(rows.some((row) => row.klLow !== undefined && row.klHigh !== undefined)
      ? [{
        mark: { type: "rule", strokeWidth: 1.2, opacity: 0.7 },
        transform: [{ filter: "isValid(datum.klLow) && isValid(datum.klHigh)" }],
        encoding: { x: { ...x, field: "klLow" }, x2: { field: "klHigh" }, y, color },
      }]
      : []),
    ...(rows.length > arms.length * distinct(rows.map((row) => row.panel ?? "")).length
      ? [{ mark: { type: "line", strokeWidth: 1, opacity: 0.5 }, encoding: { x, y, color } }]
      : []),
    {
      mark: { type: "point", filled: true, size: 80, opacity: 1 },
      encoding: { x, y, color, shape: armShape("arm", arms, true) },
    },
  ];
  return figure({ ...text, rows, layer, width: several ? 270 : 480, height: several ? 260 : 320 });
}
