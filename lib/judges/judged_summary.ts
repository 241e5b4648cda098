import { meanWithInterval } from "../statistics/intervals.ts";
import { type JudgedComparison, ORDERS, preferenceOf } from "./comparison.ts";
import { type GamedRow, type LengthControlled, lengthControlled } from "./length_control.ts";

/** What verdicts come to. Shares are in [0, 1]; null where nothing was counted. */
export interface JudgedSummary {
  /** Comparisons with a verdict in both orders: what all but `lengthControlled` and `unjudged` is of. */
  readonly comparisons: number;
  /** Mean preference: ties, and orders that disagree, count half. */
  readonly winRate: number | null;
  /** Standard error of that mean; null for fewer than two comparisons. */
  readonly standardError: number | null;
  /** As AlpacaEval 2 defines it, of all comparisons; null where a fit needs more verdicts. */
  readonly lengthControlled: LengthControlled | null;
  /** Share in which both orders prefer the same answer, or both say tie. */
  readonly agreement: number | null;
  /** Share of the verdicts that are no tie which prefer the answer shown first; 0.5 without bias. */
  readonly firstPreferred: number | null;
  /** Share of the verdicts that are ties. */
  readonly ties: number | null;
  /** Mean characters of our answers and of the baseline's. */
  readonly length: number | null;
  readonly baselineLength: number | null;
  /** Comparisons without a readable verdict in an order: left out of all but `lengthControlled`. */
  readonly unjudged: number;
}

/** Fewest comparisons that a length-controlled fit with its five folds is made for. */
const LEAST_FOR_CONTROL = 10;

/** Win rates, standard errors, length control and agreement of judged comparisons. */
export function judgedSummary(
  all: readonly JudgedComparison[],
  gamed?: readonly GamedRow[],
): JudgedSummary {
  const usable = all.flatMap((each) =>
    each.preference === null ? [] : [{ ...each, preference: each.preference }]
  );
  const n = usable.length;
  const preferences = usable.map(({ preference }) => preference);
  const estimate = n === 0 ? null : meanWithInterval(preferences);
  const verdicts = usable.flatMap((each) => ORDERS.map((order) => each.verdicts[order]));
  const decided = verdicts.filter((verdict) => verdict !== "tie");
  const rows = all.map(({ index, preference, answer, baseline }) => ({
    ...{ index, preference },
    ...{ length: characters(answer), baselineLength: characters(baseline) },
  }));
  const judgedRows = rows.filter(({ preference }) => preference !== null);
  return {
    comparisons: n,
    winRate: estimate?.mean ?? null,
    standardError: estimate === null || n < 2 ? null : estimate.sd / Math.sqrt(n),
    lengthControlled: n < LEAST_FOR_CONTROL ? null : lengthControlled(rows, gamed),
    agreement: share(usable, ({ verdicts }) => {
      const [a, b] = ORDERS.map((order) => preferenceOf(verdicts[order], order));
      return a === b;
    }),
    firstPreferred: share(decided, (verdict) => verdict === "first"),
    ties: share(verdicts, (verdict) => verdict === "tie"),
    length: average(judgedRows.map(({ length }) => length)),
    baselineLength: average(judgedRows.map(({ baselineLength }) => baselineLength)),
    unjudged: all.length - n,
  };
}

/** Code points, as Python counts. */
function characters(text: string): number {
  return [...text].length;
}

function share<T>(items: readonly T[], test: (item: T) => boolean): number | null {
  return items.length === 0 ? null : items.filter(test).length / items.length;
}

function average(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
