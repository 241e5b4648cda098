import type { RewardModel } from "../policy/reward_model.ts";
import type { Comparison, JudgedComparison } from "./comparison.ts";
import { type AnswerScores, judgedByScores } from "./judged_by_scores.ts";

/** Comparisons judged by a reward model, and what it scored. */
export interface RewardJudged {
  readonly judged: readonly JudgedComparison[];
  /** In the comparisons' order. */
  readonly scores: readonly AnswerScores[];
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
  return { ...judgedByScores(comparisons, values), cut: texts.filter(({ cut }) => cut).length };
}
