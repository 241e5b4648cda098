/** Names under which log-probabilities and lengths stand in other people's files. */
import { UserError } from "../errors.ts";

/**
 * What a column of scored pairs is for: `val_` of the validation model of `lossdiff-irm`, the last
 * three of an explicit reward model, as a margin or as both scores.
 */
export type PairRole =
  | "chosen"
  | "rejected"
  | "ref_chosen"
  | "ref_rejected"
  | "chosen_tokens"
  | "rejected_tokens"
  | "val_chosen"
  | "val_rejected"
  | "explicit_margin"
  | "chosen_reward"
  | "rejected_reward";

/** What a column of scored candidates is for. */
export type CandidateRole = "logp" | "ref_logp" | "tokens";

/** A role of either. */
export type AnyRole = PairRole | CandidateRole;

/** Names that are recognised, by role; roles without an entry are not looked for. */
export type Names<Role extends string> = Partial<Readonly<Record<Role, readonly string[]>>>;

/** Column names by role; roles without one are left out. */
export type Columns<Role extends string> = Partial<Readonly<Record<Role, string>>>;

/**
 * Names that are recognised: this suite's first, then those of TRL (`ref_chosen_logps` of
 * `precompute_ref_log_probs`; `reference_chosen_logps` before 0.12; `logps/chosen` of its logs), and
 * of UltraFeedback's scores (`score_chosen` of HuggingFaceH4/ultrafeedback_binarized).
 */
export const pairColumns: Readonly<Record<PairRole, readonly string[]>> = {
  chosen: ["chosen_logp", "chosen_logps", "policy_chosen_logps", "logps/chosen"],
  rejected: ["rejected_logp", "rejected_logps", "policy_rejected_logps", "logps/rejected"],
  ref_chosen: ["ref_chosen_logp", "ref_chosen_logps", "reference_chosen_logps"],
  ref_rejected: ["ref_rejected_logp", "ref_rejected_logps", "reference_rejected_logps"],
  chosen_tokens: ["chosen_tokens", "chosen_length", "chosen_num_tokens"],
  rejected_tokens: ["rejected_tokens", "rejected_length", "rejected_num_tokens"],
  val_chosen: ["val_chosen_logp", "val_chosen_logps"],
  val_rejected: ["val_rejected_logp", "val_rejected_logps"],
  explicit_margin: ["explicit_margin", "reward_margin"],
  chosen_reward: ["chosen_reward", "score_chosen", "chosen_score"],
  rejected_reward: ["rejected_reward", "score_rejected", "rejected_score"],
};

/** The roles of one policy's scores: all that files of past policies and of voters hold. */
export const policyRoles: readonly PairRole[] = [
  ...(["chosen", "rejected", "ref_chosen", "ref_rejected"] as const),
  ...(["chosen_tokens", "rejected_tokens"] as const),
];

/** Names of a candidate's columns that are recognised. */
export const candidateColumns: Readonly<Record<CandidateRole, readonly string[]>> = {
  logp: ["logp", "logps"],
  ref_logp: ["ref_logp", "ref_logps", "reference_logp"],
  tokens: ["tokens", "num_tokens"],
};

/**
 * The column of each role: as given, else by a recognised name among the fields of a record.
 *
 * @throws {UserError} where a given column is not there, or two names for a role are
 */
export function findColumns<Role extends string>(
  known: Names<Role>,
  given: Columns<Role>,
  fields: readonly string[],
  where: string,
): Columns<Role> {
  const found: [Role, string][] = [];
  for (const role of Object.keys(known) as Role[]) {
    const named = given[role];
    if (named !== undefined && !fields.includes(named)) {
      throw noSuchColumn(named, role, fields, where);
    }
    const names = named === undefined
      ? (known[role] ?? []).filter((name) => fields.includes(name))
      : [named];
    if (names.length > 1) {
      throw new UserError(
        `${where}: columns ${names.join(" and ")} may both be ${role}: say which, ` +
          `as --columns ${role}=${names[0]}`,
      );
    }
    if (names[0] !== undefined) found.push([role, names[0]]);
  }
  return Object.fromEntries(found) as Columns<Role>;
}

/** The given columns that are among the fields: other files of one selection may lack them. */
export function columnsAmong<Role extends string>(
  given: Columns<Role>,
  fields: readonly string[],
): Columns<Role> {
  const there = Object.entries(given).filter(([, name]) => fields.includes(name as string));
  return Object.fromEntries(there) as Columns<Role>;
}

/** The error of a column that was named and is not there. */
export function noSuchColumn(
  name: string,
  role: string,
  fields: readonly string[],
  where: string,
): UserError {
  return new UserError(
    `${where}: there is no column "${name}" for ${role}; the columns are ${fields.join(", ")}`,
  );
}

/**
 * `chosen=logp_w,rejected=logp_l` as columns by role.
 *
 * @throws {UserError} on an unknown role, or an item that is no role=column
 */
export function parseColumns<Role extends string>(
  text: string | undefined,
  roles: readonly Role[],
): Columns<Role> {
  const items = text === undefined ? [] : text.split(",").map((item) => item.trim());
  return Object.fromEntries(items.map((item) => {
    const [role = "", column = "", ...rest] = item.split("=").map((part) => part.trim());
    if (column === "" || rest.length > 0) {
      throw new UserError(`--columns: "${item}" is not role=column`);
    }
    if (!roles.includes(role as Role)) {
      throw new UserError(`--columns: "${role}" is no role; the roles are ${roles.join(", ")}`);
    }
    return [role, column];
  })) as Columns<Role>;
}
