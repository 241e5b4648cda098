import { holmAdjusted } from "../statistics/holm.ts";
import { type PairedDifference, pairedDifference } from "../statistics/paired_difference.ts";
import type { JudgedComparison } from "./comparison.ts";
import { type JudgedSummary, judgedSummary } from "./judged_summary.ts";

/** One method's answers against the baseline's, judged. */
export interface MethodVerdicts {
  readonly arm: string;
  readonly baseline: string;
  readonly bySeed: ReadonlyMap<number, readonly JudgedComparison[]>;
}

/** A method's judged win rate. */
export interface JudgedMethod {
  readonly arm: string;
  readonly baseline: string;
  /** Win rate minus one half, over seeds. */
  readonly difference: PairedDifference;
  /** Holm's p over the methods. */
  readonly adjustedP: number;
  /** Of the comparisons of all seeds together: its standard errors take them as independent. */
  readonly summary: JudgedSummary;
  /** "0.531 [0.490, 0.572] over 3 seeds"; one seed, or equal ones, have no interval. */
  readonly text: string;
  /** "better", "worse", or "no difference shown", with the reason where equal seeds allow no test. */
  readonly verdict: string;
}

/** Judged win rates of methods, a value per seed; a seed without any verdict is left out. */
export function judgedMethods(methods: readonly MethodVerdicts[]): JudgedMethod[] {
  const found = methods.flatMap(({ arm, baseline, bySeed }) => {
    const rates = [...bySeed.values()].flatMap((judged) => judgedSummary(judged).winRate ?? []);
    if (rates.length === 0) return [];
    const difference = pairedDifference(rates, rates.map(() => 0.5));
    // The same instruction of two seeds is another comparison.
    const all = [...bySeed.values()].flat().map((each, index) => ({ ...each, index }));
    return [{ arm, baseline, difference, summary: judgedSummary(all) }];
  });
  const adjusted = holmAdjusted(found.map(({ difference }) => difference.p));
  return found.map((each, i) => {
    const adjustedP = adjusted[i] ?? 1;
    const { mean, low, high, n } = each.difference;
    const rate = (value: number) => Math.min(1, Math.max(0, 0.5 + value)).toFixed(3);
    const interval = Number.isNaN(low) ? "" : ` [${rate(low)}, ${rate(high)}]`;
    const untested = n > 1 && interval === "" ? `: ${rate(mean)} in all ${n} seeds` : "";
    return {
      ...each,
      adjustedP,
      text: `${rate(mean)}${interval} over ${n} ${n === 1 ? "seed" : "seeds"}`,
      verdict: !(adjustedP < 0.05)
        ? `no difference shown${untested}`
        : mean > 0
        ? "better"
        : "worse",
    };
  });
}
