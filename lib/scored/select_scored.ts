/** Selection of pairs by log-probabilities alone. */
import { implicitRewardMargins } from "../margins/implicit_reward_margin.ts";
import { jaccard } from "../selection/jaccard.ts";
import { keepOrder } from "../selection/keep_order.ts";
import { rankPairs } from "../selection/rank_pairs.ts";
import { type Selection, type SelectionContext, selectPairs } from "../selection/select.ts";
import type { SelectionRule } from "../selection/selection_rule.ts";
import type { PairRole } from "./columns.ts";
import type { ScoredFile } from "./read_scored.ts";
import { ensembleOf, type RewardConfig, rewardsByPolicy } from "./score_history.ts";

/** What was selected, and what it was selected by. */
export interface ScoredSelection {
  /** Ensemble margin of each pair. */
  readonly margins: Float64Array;
  /** Margins under each policy of the ensemble alone, newest first. */
  readonly byPolicy: readonly Float64Array[];
  /** 1 is the largest margin. */
  readonly ranks: Uint32Array;
  readonly selection: Selection;
  /** Jaccard overlap with what the same rule kept one iteration ago; null where unknown. */
  readonly overlap: number | null;
}

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
  context: SelectionContext,
): ScoredSelection {
  const roles = (side: "chosen" | "rejected") => ({
    policy: side,
    reference: `ref_${side}` as const,
    tokens: `${side}_tokens` as const,
  });
  const chosen = rewardsByPolicy(newest, history, roles("chosen"), formula);
  const rejected = rewardsByPolicy(newest, history, roles("rejected"), formula);
  const marginsFrom = (first: number) =>
    implicitRewardMargins(
      ensembleOf(chosen.slice(first), ensemble),
      ensembleOf(rejected.slice(first), ensemble),
    );
  const margins = marginsFrom(0);
  const ranks = new Uint32Array(margins.length);
  rankPairs(margins).forEach((index, rank) => ranks[index] = rank + 1);
  const selection = selectPairs(rule, margins, context);
  // The last iteration saw the history alone.
  const overlap = history.length > 0 && keepOrder(rule, margins) !== null
    ? jaccard(selection.indices, selectPairs(rule, marginsFrom(1), context).indices)
    : null;
  return {
    margins,
    byPolicy: chosen.slice(0, ensemble.window).map((rewards, age) =>
      implicitRewardMargins(rewards, rejected[age] as Float64Array)
    ),
    ranks,
    selection,
    overlap,
  };
}
