import type { PreferenceFile } from "../../../lib/data/read_preferences.ts";
import { readSourceColumns } from "../../../lib/data/source_columns.ts";
import type { PreferencePair, TokenizedPair } from "../../../lib/data/preference.ts";
import { pairMargins } from "../../../lib/margins/implicit_reward_margin.ts";
import { pairColumns, type PairRole, policyRoles } from "../../../lib/scored/columns.ts";
import { textHash, textHashColumn } from "../../../lib/scored/record_marks.ts";
import { bySide, pairLogps } from "../../../lib/sera/pair_logps.ts";

/** What a pair's completions were given: [chosen, rejected], in nats. */
export interface Scores {
  readonly policy: readonly ArrayLike<number>[];
  readonly reference: readonly ArrayLike<number>[] | undefined;
}

/**
 * The rows that `score` writes and `select` reads.
 *
 * @param given the texts of the pairs and of any that were dropped
 * @param further columns of each pair, by id
 */
export function scoredRows(
  given: readonly PreferencePair[],
  pairs: readonly TokenizedPair[],
  { policy, reference }: Scores,
  beta: number,
  further?: ReadonlyMap<string, object>,
): Record<string, unknown>[] {
  const margins = reference && pairMargins(
    { name: "dpo", beta },
    pairLogps(pairs, bySide(policy), bySide(reference)),
  );
  const hashes = new Map(
    given.map(({ id, prompt, chosen, rejected }) => [id, textHash([prompt, chosen, rejected])]),
  );
  return pairs.map((pair, i) => ({
    id: pair.id,
    [textHashColumn]: hashes.get(pair.id),
    chosen_logp: policy[i]?.[0],
    rejected_logp: policy[i]?.[1],
    chosen_tokens: pair.chosenIds.length,
    rejected_tokens: pair.rejectedIds.length,
    ...(margins === undefined ? {} : {
      ref_chosen_logp: reference?.[i]?.[0],
      ref_rejected_logp: reference?.[i]?.[1],
      irm: margins[i],
    }),
    ...further?.get(pair.id),
  }));
}

/**
 * Columns that stay columns, because `select` looks for them: whether the label is wrong, and what
 * other models than the policy and the reference say. The data's own scores by those are old.
 */
const CARRIED: ReadonlySet<string> = new Set([
  ...["flipped", "score_gap"],
  ...(Object.keys(pairColumns) as PairRole[]).filter((role) => !policyRoles.includes(role))
    .flatMap((role) => pairColumns[role]),
]);

/** Texts and further columns of each pair, by id: those of `CARRIED`, the others in `source`. */
export async function textsOf({ path, pairs }: PreferenceFile): Promise<Map<string, object>> {
  const columns = await readSourceColumns(path, new Set(pairs.map(({ id }) => id)));
  return new Map(pairs.map(({ id, prompt, chosen, rejected }) => {
    const given = Object.entries(columns.get(id) ?? {});
    const carried = given.filter(([name]) => CARRIED.has(name));
    const others = given.filter(([name]) => !CARRIED.has(name));
    return [
      id,
      {
        ...{ prompt, chosen, rejected, ...Object.fromEntries(carried) },
        source: Object.fromEntries(others),
      },
    ];
  }));
}
