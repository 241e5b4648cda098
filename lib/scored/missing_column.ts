import { UserError } from "../errors.ts";
import type { AnyRole } from "./columns.ts";
import type { ScoredFile } from "./read_scored.ts";

const scorePolicy = "`deno task score --model POLICY --data PAIRS --texts` writes it";
const scoreReference = "`deno task score` writes it with --reference SFT";
const scoreValidation =
  "give --validation FILE, which `deno task score --model VALIDATION_MODEL --data PAIRS` writes";
const rewardModel =
  "score both completions by a reward model, as chosen_reward and rejected_reward";
const generated = "`deno task generate --server URL --server-reference SFT` writes it";

/** How a column is made. */
const recipes: Readonly<Record<AnyRole, string>> = {
  chosen: scorePolicy,
  rejected: scorePolicy,
  ref_chosen: scoreReference,
  ref_rejected: scoreReference,
  chosen_tokens: scorePolicy,
  rejected_tokens: scorePolicy,
  val_chosen: scoreValidation,
  val_rejected: scoreValidation,
  explicit_margin: rewardModel,
  chosen_reward: rewardModel,
  rejected_reward: rewardModel,
  logp: generated,
  ref_logp: generated,
  tokens: generated,
};

/**
 * The error of a file without a column: where, which, what for, and how to make or name it.
 *
 * @param needs who needs it: `dpo margins need`
 */
export function missingColumn<Role extends AnyRole>(
  { where, fields }: ScoredFile<Role>,
  role: Role,
  needs: string,
): UserError {
  return new UserError(
    `${where}: there is no column for ${role}, which ${needs}: ${recipes[role]}; or name it, as ` +
      `--columns ${role}=...; the columns are ${fields.join(", ")}`,
  );
}
