/** Where the margins of right and of flipped labels lie, and where selection cuts. */
import { UserError } from "../errors.ts";
import { distinct } from "./fields.ts";
import { armLooks } from "./looks.ts";
import { type Plot, plotOf, type PlotOptions, requireSome } from "./plot.ts";
import { LABEL_SIZE, NEUTRAL } from "./theme.ts";

/** One pair. */
export interface MarginRow {
  /** Implicit reward margin. */
  readonly margin: number;
  /** What is known of the pair, e.g. "flipped label". */
  readonly group: string;
}

/** Text of the histogram, and the cut. */
export interface MarginHistogramOptions extends Omit<PlotOptions<MarginRow>, "facet"> {
  /** Smallest margin that selection keeps. */
  readonly threshold: number;
  /** Number of bars. Default 40. */
  readonly bins?: number;
}

/**
 * A histogram a group, one above the other, each as shares of its own group, with the cut as a line.
 *
 * @throws {UserError} without pairs, or where a margin or the threshold is not finite
 */
export function marginHistogram(
  rows: readonly MarginRow[],
  options: MarginHistogramOptions,
): Plot {
  const { title, threshold, bins = 40 } = options;
  requireSome(title, rows, "a margin");
  const odd = [threshold, ...rows.map((row) => row.margin)].find((each) => !Number.isFinite(each));
  if (odd !== undefined) {
    throw new UserError(
      `plot "${title}": a margin or the threshold is ${odd}; give finite numbers`,
    );
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
      count,
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
        color: armLooks("group", groups).color,
        tooltip: [
          { field: "group" },
          { field: "from", type: "quantitative", format: ".3f", title: "margin from" },
          { field: "to", type: "quantitative", format: ".3f" },
          { field: "count", title: "pairs" },
        ],
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
  return plotOf({
    title,
    subtitle: options.subtitle ?? "share of each group's pairs; the dashed line is the cut",
    rows: bars,
    layer,
    width: 460,
    height: 110,
    columns: 1,
  });
}
