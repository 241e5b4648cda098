/** Two answers to one instruction. */
export interface Comparison {
  readonly id: string;
  /** Number of the instruction in its set: AlpacaEval's own, else the place, from 0. */
  readonly index: number;
  /** What the set sorts it under: a data set, a category, a skill; null for none. */
  readonly group: string | null;
  readonly instruction: string;
  /** Ours. */
  readonly answer: string;
  /** What it is compared with. */
  readonly baseline: string;
}

/** Which of two answers, in the order shown, is better. */
export type Verdict = "first" | "second" | "tie";

/** The two orders in which a judge sees a comparison. */
export const ORDERS = ["answer first", "baseline first"] as const;
/** One of them. */
export type Order = typeof ORDERS[number];

/** A comparison with its verdicts. */
export interface JudgedComparison extends Comparison {
  /** As given in each order; null where the judge gave none that can be read. */
  readonly verdicts: Readonly<Record<Order, Verdict | null>>;
  /** Mean over the orders of 1 for our answer, 0.5 for a tie, 0 for the baseline; null where a verdict is missing. */
  readonly preference: number | null;
}

/** A comparison and its verdicts, put together. */
export function judged(
  comparison: Comparison,
  verdicts: Readonly<Record<Order, Verdict | null>>,
): JudgedComparison {
  const values = ORDERS.map((order) => preferenceOf(verdicts[order], order));
  const preference = values.some((value) => value === null)
    ? null
    : values.reduce<number>((sum, value) => sum + (value ?? 0), 0) / values.length;
  return { ...comparison, verdicts, preference };
}

/** 1 where a verdict is for our answer, 0.5 for a tie, 0 for the baseline; null without one. */
export function preferenceOf(verdict: Verdict | null, order: Order): number | null {
  if (verdict === null) return null;
  if (verdict === "tie") return 0.5;
  return Number((verdict === "first") === (order === "answer first"));
}
