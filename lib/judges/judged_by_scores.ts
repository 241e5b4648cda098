import { type Comparison, judged, type JudgedComparison, type Verdict } from "./comparison.ts";

/** What a judge that scores answers one by one gave both of a comparison. */
export interface AnswerScores {
  readonly answer: number;
  readonly baseline: number;
}

/** The higher score wins, equal scores tie; order means nothing to such a judge. */
export function judgedByScores(
  comparisons: readonly Comparison[],
  scores: readonly AnswerScores[],
): JudgedComparison[] {
  const verdict = (first: number, second: number): Verdict =>
    first > second ? "first" : first < second ? "second" : "tie";
  return comparisons.map((comparison, i) => {
    const { answer, baseline } = scores[i] as AnswerScores;
    return judged(comparison, {
      "answer first": verdict(answer, baseline),
      "baseline first": verdict(baseline, answer),
    });
  });
}
