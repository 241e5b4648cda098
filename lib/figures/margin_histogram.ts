/** Where the margins of right and of flipped labels lie, and where selection cuts. */
import type { TopLevelSpec } from "vega-lite";
import { UserError } from "../errors.ts";
import { armColour, distinct, figure, type FigureText, requireRows } from "./layout.ts";
import { LABEL_SIZE, NEUTRAL } from "./theme.ts";

/** One pair. */
export interface MarginRow {
  /** Implicit reward margin. */
  readonly margin: number;
  /** What is known of the pair, e.g. "flipped label". */
  readonly group: string;
  readonly panel?: string;
}

/** Text of the figure, and the cut. */
export interface MarginOptions extends FigureText {
  /** Smallest margin that selection keeps. */
  readonly threshold: number;
  /** Number of bars. Default 40. */
  readonly bins?: number;
}

/**
 * A histogram a group, one above the other, each as shares of its own group, with the cut as a line.
 *
 * @throws UserError on an empty table or a value that is not finite.
 */
export function marginsFigure(rows: readonly MarginRow[], options: MarginOptions): TopLevelSpec {
  requireRows("margins", rows, ["margin"]);
  const { threshold, bins = 40 } = options;
  if (!Number.isFinite(threshold)) {
    throw new UserError(`figure margins: the threshold is ${threshold}; give a finite margin`);
  }
  const groups = distinct(rows.map((row) => row.group));
  const margins = rows.map((row) => row.margin);
  const low = Math.min(...margins, threshold);
  const step = (Math.max(...margins, threshold) - low) / bins || 1;
  const bars = groups.flatMap((group) => {
    const counts = new Array<number>(bins).fill(0);
    const own = rows.filter((row) => row.group === group);
    for (const { margin } of own) {
      const bin = Math.min(bins - 1, Math.floor((margin - low) / step));
      counts[bin] = (counts[bin] as number) + 1;
    }
    return counts.map((count, bin) => ({
      group,
      panel: `${group} (${own.length})`,
      from: low + bin * step,
      to: low + (bin + 1) * step,
      share: count / own.length,
      first: bin === 0,
    }));
  });
  const layer = [
    {
      mark: { type: "bar", stroke: "white", strokeWidth: 0.5 },
      encoding: {
        x: {
          field: "from",
          type: "quantitative",
          title: "implicit reward margin",
          scale: { domain: [low, low + bins * step], nice: false },
          axis: { grid: false, tickCount: 8 },
        },
        x2: { field: "to" },
        y: {
          field: "share",
          type: "quantitative",
          title: "share of the group",
          axis: { format: ".0%", tickCount: 3 },
        },
        y2: { datum: 0 },
        color: armColour("group", groups, false),
      },
    },
    {
      mark: { type: "rule", strokeDash: [4, 4], color: NEUTRAL, strokeWidth: 1.5 },
      transform: [{ filter: "datum.first" }],
      encoding: { x: { datum: threshold } },
    },
    {
      mark: {
        type: "text",
        align: "left",
        baseline: "top",
        dx: 5,
        color: NEUTRAL,
        fontSize: LABEL_SIZE,
      },
      transform: [{ filter: "datum.first" }],
      encoding: { x: { datum: threshold }, y: { value: 0 }, text: { value: "kept \u2192" } },
    },
  ];
  return figure({ ...options, rows: bars, layer, width: 520, height: 110, columns: 1 });
}
