import { pairedDifference } from "../statistics/paired_difference.ts";
import { type Field, valueOf } from "./fields.ts";
import type { DrawnContrast } from "./interval_plot.ts";

/**
 * How a contrast stands in its column: the largest mean; level with it, where the 95 % interval of
 * their paired difference holds 0; behind it; or out of the ranking, as is the only one of its column.
 */
export type Standing = "best" | "level" | "behind" | "unranked";

/** What is compared within columns. */
export interface StandingsOptions<C> {
  /** Contrasts that agree in it are one column; they must share their baseline. */
  readonly column: Field<C>;
  /** Which contrasts may be the best, or level with it. Default: all. */
  readonly ranked?: (contrast: C) => boolean;
}

/**
 * Which contrast of each column is the best by its mean, and which cannot be told apart from it. The
 * baseline cancels: the difference of two contrasts is that of their arms, paired by seed. Where two
 * share fewer than two seeds they cannot be told apart.
 *
 * @returns a standing for each contrast, in their order
 */
export function standings<C extends DrawnContrast>(
  contrasts: readonly C[],
  { column, ranked = () => true }: StandingsOptions<C>,
): Standing[] {
  const columns = Map.groupBy(contrasts.filter(ranked), (c) => valueOf(c, column));
  const bestOf = new Map(
    [...columns].map(([key, own]) => [key, own.reduce((a, b) => b.mean > a.mean ? b : a)]),
  );
  const isAlone = (contrast: C) => columns.get(valueOf(contrast, column))?.length === 1;
  return contrasts.map((contrast) => {
    const best = bestOf.get(valueOf(contrast, column));
    if (best === undefined || !ranked(contrast) || isAlone(contrast)) return "unranked";
    if (contrast === best) return "best";
    return isBehind(contrast, best) ? "behind" : "level";
  });
}

function isBehind({ pairs }: DrawnContrast, best: DrawnContrast): boolean {
  const theirs = new Map(best.pairs.map(({ seed, difference }) => [seed, difference]));
  const shared = pairs.flatMap(({ seed, difference }) => {
    const other = theirs.get(seed);
    return other === undefined ? [] : [[difference, other] as const];
  });
  if (shared.length < 2) return false;
  const { high } = pairedDifference(shared.map(([own]) => own), shared.map(([, other]) => other));
  return high < 0;
}
