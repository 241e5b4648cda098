import type { FieldMap } from "../../../lib/data/record_fields.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import {
  type AnyRole,
  candidateColumns,
  type Columns,
  noSuchColumn,
  pairColumns,
  type PairRole,
  parseColumns,
  policyRoles,
} from "../../../lib/scored/columns.ts";
import {
  readScored,
  type ReadScoredOptions,
  type ScoredFile,
} from "../../../lib/scored/read_scored.ts";
import { furtherRoles, type OtherModels } from "../../../lib/scored/rule_scores.ts";
import type { SelectionRule } from "../../../lib/selection/selection_rule.ts";
import type { SelectOptions } from "./options.ts";

/** The scores that a selection is made of. */
export interface SelectInputs extends OtherModels {
  readonly newest: ScoredFile<PairRole>;
  /** Newest first. */
  readonly history: readonly ScoredFile<PairRole>[];
}

/**
 * What `--columns` says, by role.
 *
 * @throws {UserError} on a role that nothing reads with this rule
 */
export function givenColumns(
  { columns, validation }: Pick<SelectOptions, "columns" | "validation">,
  rule: SelectionRule,
): Columns<AnyRole> {
  // A label that changes takes every column of the pair with it, whether it is read or not.
  const ofPairs = rule.rule === "relabel" ? Object.keys(pairColumns) : pairRoles(rule, validation);
  const roles = [...ofPairs, ...Object.keys(candidateColumns)];
  return parseColumns<AnyRole>(columns, roles as AnyRole[]);
}

/**
 * Reads the pairs and what other models say of them.
 *
 * @param others further columns of the newest file, for `onRecord`
 * @throws {UserError} naming file, record and column
 */
export async function readInputs(
  { data, history, voters, validation }: Pick<
    SelectOptions,
    "data" | "history" | "voters" | "validation"
  >,
  rule: SelectionRule,
  given: Columns<AnyRole>,
  { others, onRecord }: {
    readonly others: readonly string[];
    readonly onRecord: (fields: FieldMap, index: number, where: string) => void;
  },
  progress: ProgressSink,
): Promise<SelectInputs> {
  const marks = history.length + voters.length > 0 || validation !== undefined;
  type More = Partial<ReadScoredOptions<PairRole>>;
  const read = async (path: string, roles: readonly PairRole[], more: More) => {
    progress.message(`reading ${path}`);
    const known = Object.fromEntries(roles.map((role) => [role, pairColumns[role]]));
    return await readScored<PairRole>(path, {
      ...{ known, given: given as Columns<PairRole>, marks, ...more },
    });
  };
  // `--columns` names those of the pairs: a past policy's file may hold less, or under other names.
  const readOther = (path: string) => read(path, policyRoles, { lenient: true });
  const readAll = async (paths: readonly string[]) => {
    const files: ScoredFile<PairRole>[] = [];
    for (const path of paths) files.push(await readOther(path));
    return files;
  };
  const newest = await read(data, pairRoles(rule, validation), { others, onRecord });
  for (const [role, name] of Object.entries(given)) {
    if (!Object.hasOwn(pairColumns, role) || newest.fields.includes(name)) continue;
    throw noSuchColumn(name, role, newest.fields, newest.where);
  }
  return {
    newest,
    history: await readAll(history),
    voters: await readAll(voters),
    validation: validation === undefined ? undefined : await readOther(validation),
  };
}

/** The roles of the newest file that the rule reads: columns of other roles may hold anything. */
function pairRoles(rule: SelectionRule, validation: string | undefined): readonly PairRole[] {
  return [...policyRoles, ...(validation === undefined ? furtherRoles(rule) : [])];
}
