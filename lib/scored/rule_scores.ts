/** What rules rank scored pairs by where it is not the implicit margin. */
import { lossDifferences } from "../losses/loss_differences.ts";
import { needsMismatched, usesReference } from "../losses/loss_config.ts";
import type { LossConfig } from "../losses/loss_table.ts";
import { pairLoss } from "../losses/pair_loss.ts";
import type { PairLogps } from "../losses/types.ts";
import { implicitRewardMargins } from "../margins/implicit_reward_margin.ts";
import { alignmentPotential } from "../selection/alignment_potential.ts";
import { centralBands } from "../selection/central_bands.ts";
import { rankedBy, type SelectionRule } from "../selection/selection_rule.ts";
import { voteScores } from "../selection/vote_scores.ts";
import type { PairRole } from "./columns.ts";
import { missingColumn } from "./missing_column.ts";
import { inOrderOf, type ScoredFile } from "./read_scored.ts";
import { marginsOfOthers, type RewardConfig } from "./score_history.ts";

/** The same pairs under further models. */
export interface OtherModels {
  /** For `votes`: a file a voter. */
  readonly voters: readonly ScoredFile<PairRole>[];
  /** For `lossdiff-irm`, where its log-probabilities are no columns of the newest file. */
  readonly validation: ScoredFile<PairRole> | undefined;
}

/** The roles that a rule reads besides log-probabilities and lengths. */
export function furtherRoles(rule: SelectionRule): readonly PairRole[] {
  switch (rankedBy(rule)) {
    case "explicit":
    case "explicit-minus-implicit":
      return ["explicit_margin", "chosen_reward", "rejected_reward"];
    case "lossdiff-irm":
      return ["val_chosen", "val_rejected"];
    default:
      return [];
  }
}

/**
 * One score a pair, as `otherScores` of `runSera` makes them; undefined for rules that rank by the
 * implicit margin or by nothing.
 *
 * @param ensemble margins of the ensemble
 * @param own margins of the newest policy alone
 * @throws {UserError} naming a column that is missing, or a record that a further file lacks
 */
export function ruleScores(
  rule: SelectionRule,
  newest: ScoredFile<PairRole>,
  { voters, validation }: OtherModels,
  formula: Pick<RewardConfig, "loss" | "margin">,
  { ensemble, own }: { readonly ensemble: Float64Array; readonly own: Float64Array },
): Float64Array | undefined {
  const by = rankedBy(rule);
  switch (by) {
    case null:
    case "implicit":
      return undefined;
    case "explicit":
      return explicitMargins(newest, by);
    case "explicit-minus-implicit":
      return alignmentPotential(explicitMargins(newest, by), ensemble);
    case "votes":
      return voteScores(marginsOfOthers(newest, voters, formula));
    case "chosen-length":
      return needed(newest, "chosen_tokens", "the rule shortest needs");
    case "lossdiff-irm":
      return centralBands(lossDifferencesOf(formula.loss, newest, validation), own);
    default:
      throw new RangeError(`unknown score "${by satisfies never}"`);
  }
}

function explicitMargins(newest: ScoredFile<PairRole>, by: string): Float64Array {
  const margins = newest.numbers.get("explicit_margin");
  if (margins !== undefined) return margins;
  const needs = `--by ${by} needs`;
  const chosen = newest.numbers.get("chosen_reward");
  if (chosen === undefined) throw missingColumn(newest, "explicit_margin", needs);
  return implicitRewardMargins(chosen, needed(newest, "rejected_reward", needs));
}

function lossDifferencesOf(
  loss: LossConfig,
  newest: ScoredFile<PairRole>,
  validation: ScoredFile<PairRole> | undefined,
): Float64Array {
  const needs = "the rule lossdiff-irm needs";
  const own = (role: PairRole) => needed(newest, role, needs);
  const count = newest.ids.length;
  const lengths = (role: PairRole) =>
    lossReadsLength(loss) ? own(role) : new Float64Array(count).fill(1);
  const reference = (role: PairRole) => usesReference(loss) ? own(role) : new Float64Array(count);
  const shared = {
    referenceChosenLogps: reference("ref_chosen"),
    referenceRejectedLogps: reference("ref_rejected"),
    chosenLengths: lengths("chosen_tokens"),
    rejectedLengths: lengths("rejected_tokens"),
  };
  const under = (chosen: Float64Array, rejected: Float64Array): PairLogps => ({
    ...{ policyChosenLogps: chosen, policyRejectedLogps: rejected },
    ...shared,
  });
  const policy = under(own("chosen"), own("rejected"));
  if (validation === undefined) {
    return lossDifferences(loss, policy, under(own("val_chosen"), own("val_rejected")));
  }
  const placed = { ...validation, numbers: inOrderOf(validation, newest) };
  const other = (role: PairRole) => needed(placed, role, needs);
  return lossDifferences(loss, policy, under(other("chosen"), other("rejected")));
}

/** Whether completions' lengths change the loss: then token counts are needed. */
function lossReadsLength(loss: LossConfig): boolean {
  const one = (value: number) => Float64Array.of(value);
  const [at11, at23] = [[1, 1], [2, 3]].map(([chosen = 1, rejected = 1]) =>
    pairLoss(loss, {
      ...{ policyChosenLogps: one(-3), policyRejectedLogps: one(-5) },
      ...{ referenceChosenLogps: one(-4), referenceRejectedLogps: one(-4) },
      ...{ chosenLengths: one(chosen), rejectedLengths: one(rejected) },
      ...(needsMismatched(loss) ? { referencePoint: 0 } : {}),
    }).losses[0]
  );
  return at11 !== at23;
}

function needed(file: ScoredFile<PairRole>, role: PairRole, needs: string): Float64Array {
  const values = file.numbers.get(role);
  if (values !== undefined) return values;
  throw missingColumn(file, role, needs);
}
