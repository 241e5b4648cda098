/** Curves over iterations (or any ordered quantity), one line an arm, with interval bands. */
import type { TopLevelSpec } from "vega-lite";
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

/** One point of a curve. */
export interface CurveRow {
  readonly arm: string;
  /** Position, e.g. the iteration. */
  readonly x: number;
  readonly y: number;
  /** Ends of the interval of y; leave both out for no band. */
  readonly low?: number;
  readonly high?: number;
  /** Panel the point belongs to, e.g. "20 % flips". */
  readonly panel?: string;
}

/** Axes of the curves. */
export interface CurveOptions extends FigureText {
  readonly xTitle: string;
  /** With its unit. */
  readonly yTitle: string;
  /** A dashed horizontal line with its label; `y` is one height, or one a panel by its name. */
  readonly reference?: {
    readonly label: string;
    readonly y: number | Readonly<Record<string, number>>;
  };
  /** Ticks on the given x alone. Default: every x of the rows. */
  readonly xTicks?: readonly number[];
  /** d3-format of the y axis. Default ".2~f". */
  readonly yFormat?: string;
}

/** A point of a line, the label at its end, or (without `y`) a label alone. */
type LabelledRow = Partial<CurveRow> & {
  readonly label?: string;
  readonly labelY?: number;
  readonly referenceY?: number;
};

/**
 * Lines with 95 % bands and each arm's name at the end of its line. Learning curves, response
 * length by iteration and flips by keep fraction are all drawn by it.
 *
 * @throws UserError on an empty table or a value that is not finite.
 */
export function curvesFigure(rows: readonly CurveRow[], options: CurveOptions): TopLevelSpec {
  requireRows("curves", rows, ["x", "y"]);
  const arms = distinct(rows.map((row) => row.arm));
  const panels = distinct(rows.map((row) => row.panel ?? ""));
  const height = 260;
  const reference = options.reference;
  const room = labelRoom(reference === undefined ? arms : [...arms, reference.label]);
  const width = (panels.length === 1 ? 380 : 220) + room;
  const ys = rows.flatMap((row) => [row.y, row.low ?? row.y, row.high ?? row.y]);
  const heightOf = (panel: string) =>
    typeof reference?.y === "object" ? reference.y[panel] : reference?.y;
  panels.forEach((panel) => {
    const height = heightOf(panel);
    if (height !== undefined) ys.push(height);
  });
  const pad = (Math.max(...ys) - Math.min(...ys) || 1) * 0.04;
  const domain = [Math.min(...ys) - pad, Math.max(...ys) + pad] as const;
  const gap = (domain[1] - domain[0]) * (LABEL_SIZE + 2) / height;

  const labelled = panels.flatMap((panel) => {
    const inPanel = rows.filter((row) => (row.panel ?? "") === panel);
    const ends = arms.flatMap((arm) => {
      const line = inPanel.filter((row) => row.arm === arm);
      return line.length === 0 ? [] : [line.reduce((a, b) => b.x > a.x ? b : a)];
    });
    const heights = ends.map((end) => end.y);
    const referenceY = heightOf(panel);
    if (referenceY !== undefined) heights.push(referenceY);
    const places = spread(heights, gap);
    const drawn: LabelledRow[] = inPanel.map((row) => {
      const end = ends.indexOf(row);
      return end < 0 ? row : { ...row, label: row.arm, labelY: places[end] as number };
    });
    if (reference !== undefined && referenceY !== undefined) {
      const labelY = places.at(-1) as number;
      const x = Math.max(...rows.map((row) => row.x));
      drawn.push({
        x,
        label: reference.label,
        labelY,
        referenceY,
        ...(panel === "" ? {} : { panel }),
      });
    }
    return drawn;
  });

  const yScale = { domain, nice: false, zero: false };
  const x = {
    field: "x",
    type: "quantitative",
    title: options.xTitle,
    axis: {
      values: options.xTicks ?? distinct(rows.map((row) => row.x)).sort((a, b) => a - b),
      format: ".6~g", // without a precision, the step between ticks would set it
      grid: false,
    },
    scale: { range: [8, width - room], zero: false, nice: false },
  };
  const y = {
    field: "y",
    type: "quantitative",
    title: options.yTitle,
    scale: yScale,
    axis: { format: options.yFormat ?? ".2~f", tickCount: 6 },
  };
  const color = armColour("arm", arms, false);
  const hasBand = rows.some((row) => row.low !== undefined && row.high !== undefined);
  const points = [{ filter: "isValid(datum.y)" }];
  const layer = [
    ...(hasBand
      ? [{
        mark: { type: "area", opacity: 0.1 },
        transform: [{ filter: "isValid(datum.low) && isValid(datum.high)" }],
        encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
      }]
      : []),
    { mark: { type: "line", strokeWidth: 2 }, transform: points, encoding: { x, y, color } },
    {
      mark: { type: "point", filled: true, size: 36, opacity: 1 },
      transform: points,
      encoding: { x, y, color },
    },
    ...(reference === undefined ? [] : [{
      mark: { type: "rule", strokeDash: [4, 4], color: NEUTRAL },
      transform: [{ filter: "isValid(datum.referenceY)" }],
      encoding: {
        x: { value: 0 },
        x2: { value: width - room },
        y: { ...y, field: "referenceY" },
      },
    }]),
    {
      mark: { type: "text", align: "left", dx: 8, fontSize: LABEL_SIZE },
      transform: [{ filter: "isValid(datum.label)" }],
      encoding: {
        x,
        y: { ...y, field: "labelY" },
        text: { field: "label" },
        color: { condition: { test: "isValid(datum.arm)", ...color }, value: NEUTRAL },
      },
    },
  ];
  return figure({ ...options, rows: labelled, layer, width, height });
}
