import type { TokenizedPair } from "../data/preference.ts";
import { UserError } from "../errors.ts";
import type { PromptGroup } from "../policy/packing.ts";

/**
 * The prompt of each pair with both completions of the next pair, the last with the first's [L: KTO,
 * j = (i + 1) mod m].
 *
 * @param contextLength tokens that fit the model: longer completions are cut, as TRL does
 * @throws {UserError} for fewer than two pairs
 */
export function mismatchedGroups(
  pairs: readonly TokenizedPair[],
  contextLength: number,
): PromptGroup[] {
  if (pairs.length < 2) {
    throw new UserError(
      `a batch of ${pairs.length} pair holds no mismatched prompt and response, which this loss ` +
        "needs: train on at least 2 pairs in batches of at least 2",
    );
  }
  return pairs.map(({ promptIds }, i) => {
    const { chosenIds, rejectedIds } = pairs[(i + 1) % pairs.length] as TokenizedPair;
    const room = Math.max(1, contextLength - promptIds.length);
    return {
      promptIds,
      completions: [chosenIds.subarray(0, room), rejectedIds.subarray(0, room)],
    };
  });
}
