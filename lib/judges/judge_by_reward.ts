import type { RewardModel } from "../policy/reward_model.ts";
import { type Comparison, judged, type JudgedComparison, type Verdict } from "./comparison.ts";

/** Comparisons judged by a reward model, and what it scored. */
export interface RewardJudged {
  readonly judged: readonly JudgedComparison[];
  /** Of our answers and the baseline's, in the comparisons' order. */
  readonly scores: readonly { readonly answer: number; readonly baseline: number }[];
  /** Texts that exceeded the model's context and were cut. */
  readonly cut: number;
}

/**
 * Judges comparisons by a reward model: the higher score wins, equal scores tie. It sees one answer
 * at a time, so order means nothing to it.
 *
 * @param maxRows most tokens in one pass
 * @param onDone called with the answers scored so far
 * @throws {UserError} where the model has no chat template
 */
export async function judgeByReward(
  comparisons: readonly Comparison[],
  model: RewardModel,
  maxRows: number,
  onDone: (count: number) => void = () => {},
): Promise<RewardJudged> {
  const texts = comparisons.flatMap(({ instruction, answer, baseline }) => [
    model.tokens(instruction, answer),
    model.tokens(instruction, baseline),
  ]);
  const values = await model.scores(texts.map(({ ids }) => ids), maxRows, onDone);
  const scores = comparisons.map((_, i) => ({
    answer: values[2 * i] as number,
    baseline: values[2 * i + 1] as number,
  }));
  return {
    judged: comparisons.map((comparison, i) => {
      const { answer, baseline } = scores[i] as typeof scores[number];
      const verdict = (first: number, second: number): Verdict =>
        first > second ? "first" : first < second ? "second" : "tie";
      return judged(comparison, {
        "answer first": verdict(answer, baseline),
        "baseline first": verdict(baseline, answer),
      });
    }),
    scores,
    cut: texts.filter(({ cut }) => cut).length,
  };
}
