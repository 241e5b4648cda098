/** Selection of pairs by log-probabilities alone. */
import { ensembleWeights } from "../margins/ensemble.ts";
import { implicitRewardMargins } from "../margins/implicit_reward_margin.ts";
import { jaccard } from "../selection/jaccard.ts";
import { keepOrder } from "../selection/keep_order.ts";
import { rankPairs } from "../selection/rank_pairs.ts";
import { type Selection, type SelectionContext, selectPairs } from "../selection/select.ts";
import type { SelectionRule } from "../selection/selection_rule.ts";
import type { PairRole } from "./columns.ts";
import type { ScoredFile } from "./read_scored.ts";
import { type OtherModels, ruleScores } from "./rule_scores.ts";
import { ensembleOf, pairRewardsByPolicy, type RewardConfig } from "./score_history.ts";

/** What was selected, and what it was selected by. */
export interface ScoredSelection {
  /** Ensemble margin of each pair. */
  readonly margins: Float64Array;
  /** Margins under each policy of the ensemble alone, newest first. */
  readonly byPolicy: readonly Float64Array[];
  /** 1 is the largest margin. */
  readonly ranks: Uint32Array;
  /** What the rule ranked by, where that is not the margin; 1 is the largest score. */
  readonly other: { readonly scores: Float64Array; readonly ranks: Uint32Array } | null;
  readonly selection: Selection;
  /** Jaccard overlap with what the same rule kept one iteration ago; null where unknown. */
  readonly overlap: number | null;
}

/** What selection needs besides the scores of policies. */
export interface ScoredContext extends Omit<SelectionContext, "scores">, OtherModels {}

/**
 * Selects pairs as an iteration of `runSera` does, of scores that any model made.
 *
 * @throws {UserError} where a column is missing, a number is not finite or the rule is bad
 */
export function selectScored(
  newest: ScoredFile<PairRole>,
  history: readonly ScoredFile<PairRole>[],
  rule: SelectionRule,
  { ensemble, ...formula }: RewardConfig,
  { voters, validation, ...context }: ScoredContext,
): ScoredSelection {
  const { chosen, rejected } = pairRewardsByPolicy(newest, history, formula);
  const marginsFrom = (first: number) =>
    implicitRewardMargins(
      ensembleOf(chosen.slice(first), ensemble),
      ensembleOf(rejected.slice(first), ensemble),
    );
  const margins = marginsFrom(0);
  const policies = ensembleWeights(chosen.length, ensemble).length;
  const byPolicy = chosen.slice(0, policies).map((rewards, age) =>
    implicitRewardMargins(rewards, rejected[age] as Float64Array)
  );
  const scoresBy = (ensembleMargins: Float64Array) =>
    ruleScores(rule, newest, { voters, validation }, formula, {
      ...{ ensemble: ensembleMargins, own: byPolicy[0] as Float64Array },
    });
  const select = (by: Float64Array, scores = scoresBy(by)) =>
    selectPairs(rule, by, { ...context, ...(scores === undefined ? {} : { scores }) });
  const scores = scoresBy(margins);
  const selection = select(margins, scores);
  // The last iteration saw the history alone. What its voters and validation model said is unknown.
  const known = keepOrder(rule, margins, scores) !== null && voters.length === 0 &&
    rule.rule !== "lossdiff-irm";
  return {
    ...{ margins, byPolicy, selection },
    ranks: ranksOf(margins),
    other: scores === undefined ? null : { scores, ranks: ranksOf(scores) },
    overlap: history.length > 0 && known
      ? jaccard(selection.indices, select(marginsFrom(1)).indices)
      : null,
  };
}

function ranksOf(values: Float64Array): Uint32Array {
  const ranks = new Uint32Array(values.length);
  rankPairs(values).forEach((index, rank) => ranks[index] = rank + 1);
  return ranks;
}
