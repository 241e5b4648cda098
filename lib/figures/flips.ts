/** How many wrong labels a selector keeps, against the rate in the data. */
import type { TopLevelSpec } from "vega-lite";
import { curvesFigure } from "./curves.ts";
import { type FigureText, requireRows } from "./layout.ts";

/** Flipped pairs among those one selector kept. */
export interface FlipRow {
  readonly selector: string;
  /** Fraction of the pairs kept, in (0, 1]. */
  readonly keep: number;
  /** Fraction of wrong labels among the kept, in [0, 1], and its interval. */
  readonly flipped: number;
  readonly low?: number;
  readonly high?: number;
  readonly panel?: string;
}

/** Text of the figure and the rate in all pairs. */
export interface FlipOptions extends FigureText {
  /** Fraction of wrong labels in all pairs, in [0, 1], one or by panel; drawn as a dashed line. */
  readonly baseRate: number | Readonly<Record<string, number>>;
}

/**
 * Fraction of wrong labels among the kept pairs by keep fraction, one line a selector.
 *
 * @throws UserError on an empty table or a value that is not finite.
 */
export function flipsFigure(rows: readonly FlipRow[], options: FlipOptions): TopLevelSpec {
  requireRows("flips", rows, ["keep", "flipped"]);
  return curvesFigure(
    rows.map(({ selector, keep, flipped, ...rest }) => ({
      ...rest,
      arm: selector,
      x: keep,
      y: flipped,
    })),
    {
      ...options,
      xTitle: "fraction of pairs kept",
      yTitle: "wrong labels among the kept",
      yFormat: ".0%",
      reference: { y: options.baseRate, label: "rate in all pairs" },
    },
  );
}
