import { readSourceColumns, type SourceColumns } from "../../../lib/data/source_columns.ts";
import type { OpenedPreferences } from "../../../lib/environments/preference_file/open_preferences.ts";
import { messageOf, UserError } from "../../../lib/errors.ts";
import type { SelectionSummary } from "../../../lib/report/selection_summary.ts";
import { rankPairs, type Suspect } from "../../../lib/report/suspects.ts";

/**
 * The given pairs as text, the lowest margin of the last iteration first.
 *
 * @param warn told where the data file is gone: the source columns are then missing, nothing else
 */
export async function suspectsOf(
  { pairs, file }: OpenedPreferences,
  selections: readonly SelectionSummary[],
  warn: (message: string) => void,
): Promise<Suspect[]> {
  const ranked = rankPairs(selections);
  if (ranked.length === 0) return [];
  const given = new Map(file.pairs.map((pair) => [pair.id, pair]));
  const columns = await sourceColumns(file.path, new Set(pairs.map(({ id }) => id)), warn);
  return ranked.flatMap(({ index, ...place }) => {
    const id = pairs[index]?.id ?? "";
    const pair = given.get(id);
    if (pair === undefined) return [];
    const { prompt, chosen, rejected } = pair;
    // As it was trained on: where this run flipped the label, the responses have changed places.
    const sides = place.flipped !== undefined && place.flipped !== (pair.flipped ?? false)
      ? { chosen: rejected, rejected: chosen }
      : { chosen, rejected };
    return [{ ...place, id, prompt, ...sides, source: columns.get(id) ?? {} }];
  });
}

async function sourceColumns(
  path: string,
  ids: ReadonlySet<string>,
  warn: (message: string) => void,
): Promise<Map<string, SourceColumns>> {
  try {
    return await readSourceColumns(path, ids);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    warn(`suspects.jsonl has no source columns: ${messageOf(error)}`);
    return new Map();
  }
}
