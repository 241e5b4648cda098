/** Margins under an ensemble of policies that were scored elsewhere. */
import type { LossConfig } from "../losses/loss_table.ts";
import { type EnsembleConfig, ensembleRewards, ensembleWeights } from "../margins/ensemble.ts";
import {
  implicitRewards,
  type MarginKind,
  rewardReadsReference,
} from "../margins/implicit_reward.ts";
import { implicitRewardMargins } from "../margins/implicit_reward_margin.ts";
import type { AnyRole, PairRole } from "./columns.ts";
import { missingColumn } from "./missing_column.ts";
import { inOrderOf, type ScoredFile } from "./read_scored.ts";

/** The roles that make one completion's reward: names of its columns. */
export interface RewardRoles<Role extends AnyRole> {
  readonly policy: Role;
  readonly reference: Role;
  readonly tokens: Role;
}

/** How rewards are made of log-probabilities. */
export interface RewardConfig {
  /** Its implicit reward is the formula. */
  readonly loss: LossConfig;
  /** Unless this says otherwise. */
  readonly margin: MarginKind;
  readonly ensemble: EnsembleConfig;
}

/**
 * The implicit rewards of N completions under each policy, newest first. A past file's own
 * reference columns are used where it has them, else those of the newest.
 *
 * @throws {UserError} naming the column that the rewards need and the file that lacks it
 */
export function rewardsByPolicy<Role extends AnyRole>(
  newest: ScoredFile<Role>,
  history: readonly ScoredFile<Role>[],
  { policy, reference, tokens }: RewardRoles<Role>,
  { loss, margin }: Pick<RewardConfig, "loss" | "margin">,
): Float64Array[] {
  return [newest, ...history].map((file) => {
    const own = file === newest ? newest.numbers : inOrderOf(file, newest);
    const column = (role: Role, fallback: boolean): Float64Array => {
      const values = own.get(role) ?? (fallback ? newest.numbers.get(role) : undefined);
      if (values !== undefined) return values;
      throw missingColumn(file, role, `${loss.name} margins need`);
    };
    const needsTokens = readsLength(loss, margin);
    const policyLogps = column(policy, false);
    return implicitRewards(
      loss,
      policyLogps,
      rewardReadsReference(loss, margin) ? column(reference, true) : new Float64Array(),
      needsTokens ? column(tokens, true) : new Float64Array(policyLogps.length).fill(1),
      margin,
    );
  });
}

/** Both completions' rewards under each policy, newest first. */
export function pairRewardsByPolicy(
  newest: ScoredFile<PairRole>,
  others: readonly ScoredFile<PairRole>[],
  formula: Pick<RewardConfig, "loss" | "margin">,
): Readonly<Record<"chosen" | "rejected", Float64Array[]>> {
  const of = (side: "chosen" | "rejected") => {
    const roles = { policy: side, reference: `ref_${side}`, tokens: `${side}_tokens` } as const;
    return rewardsByPolicy<PairRole>(newest, others, roles, formula);
  };
  return { chosen: of("chosen"), rejected: of("rejected") };
}

/** Margins under each of other policies alone. Their reference may be the newest file's. */
export function marginsOfOthers(
  newest: ScoredFile<PairRole>,
  others: readonly ScoredFile<PairRole>[],
  formula: Pick<RewardConfig, "loss" | "margin">,
): Float64Array[] {
  const { chosen, rejected } = pairRewardsByPolicy(newest, others, formula);
  return others.map((_, i) =>
    implicitRewardMargins(chosen[i + 1] as Float64Array, rejected[i + 1] as Float64Array)
  );
}

/** Rewards under the ensemble of past policies, newest first. */
export function ensembleOf(
  rewards: readonly Float64Array[],
  ensemble: EnsembleConfig,
): Float64Array {
  return ensembleRewards(rewards, ensembleWeights(rewards.length, ensemble));
}

/** Whether a completion's length changes its reward: then token counts are needed. */
function readsLength(loss: LossConfig, margin: MarginKind): boolean {
  const at = (length: number) =>
    implicitRewards(
      ...[loss, Float64Array.of(-3), Float64Array.of(-2), Float64Array.of(length), margin] as const,
    )[0];
  return at(1) !== at(2);
}
