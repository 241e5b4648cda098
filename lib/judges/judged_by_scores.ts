import { type Comparison, judged, type JudgedComparison, type Verdict } from "./comparison.ts";

/** What a judge that scores answers one by one gave both of a comparison. */
export interface AnswerScores {
  readonly answer: number;
  readonly baseline: number;
}

/**
 * The higher score wins, equal scores tie; order means nothing to such a judge.
 *
 * @param values scores of each comparison's answer and baseline in turn, [2 N]
 */
export function judgedByScores(
  comparisons: readonly Comparison[],
  values: ArrayLike<number>,
): { readonly judged: JudgedComparison[]; readonly scores: AnswerScores[] } {
  const scores = comparisons.map((_, i): AnswerScores => ({
    answer: values[2 * i] as number,
    baseline: values[2 * i + 1] as number,
  }));
  const verdict = (first: number, second: number): Verdict =>
    first > second ? "first" : first < second ? "second" : "tie";
  return {
    judged: comparisons.map((comparison, i) => {
      const { answer, baseline } = scores[i] as AnswerScores;
      return judged(comparison, {
        "answer first": verdict(answer, baseline),
        "baseline first": verdict(baseline, answer),
      });
    }),
    scores,
  };
}
