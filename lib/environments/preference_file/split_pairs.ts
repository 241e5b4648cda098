import type { PreferencePair, TextOrMessages, TokenizedPair } from "../../data/preference.ts";
import { splitByPrompt } from "../../data/split.ts";
import { UserError } from "../../errors.ts";
import { createPrng } from "../../random/prng.ts";
import type { PreferenceFileSetting } from "./setting.ts";

/** The pairs both of whose responses are shorter than `characters` (UTF-16 units, as JavaScript counts). */
export function shorterPairs(
  pairs: readonly PreferencePair[],
  characters: number,
): PreferencePair[] {
  return pairs.filter(({ chosen, rejected }) =>
    Math.max(lengthOf(chosen), lengthOf(rejected)) < characters
  );
}

function lengthOf(response: TextOrMessages): number {
  if (typeof response === "string") return response.length;
  return response.reduce((sum, { content }) => sum + content.length, 0);
}

/** Training pairs and held-out pairs, of different prompts. */
export interface SplitPairs {
  readonly training: readonly TokenizedPair[];
  readonly heldOut: readonly TokenizedPair[];
}

/**
 * Splits pairs by prompt, and draws as many training pairs as the setting says.
 *
 * @param pairs as text
 * @param tokenized those of them that can be used
 * @throws {UserError} where a number that the setting asks for exactly cannot be had
 */
export function splitPairs(
  pairs: readonly PreferencePair[],
  tokenized: readonly TokenizedPair[],
  { data, heldOut: share, heldOutPairs, trainingPairs }: Pick<
    PreferenceFileSetting,
    "data" | "heldOut" | "heldOutPairs" | "trainingPairs"
  >,
  seed: number,
): SplitPairs {
  if (heldOutPairs !== undefined && heldOutPairs >= pairs.length) {
    throw new UserError(`${data}: ${heldOutPairs} pairs cannot be held out of ${pairs.length}`);
  }
  const fraction = heldOutPairs === undefined ? share : heldOutPairs / pairs.length;
  const split = splitByPrompt(pairs, fraction, createPrng(seed, "held-out"));
  const ids = new Set(split.heldOut.map(({ id }) => id));
  const [heldOut = [], others = []] = [true, false].map((side) =>
    tokenized.filter(({ id }) => ids.has(id) === side)
  );
  if (heldOutPairs !== undefined && heldOut.length !== heldOutPairs) {
    throw new UserError(
      `${data}: ${heldOut.length} pairs could be held out by prompt with seed ${seed}, and the ` +
        `setting asks for exactly ${heldOutPairs}`,
    );
  }
  if (trainingPairs === undefined) return { training: others, heldOut };
  if (others.length < trainingPairs) {
    throw new UserError(
      `${data}: ${others.length} pairs are left to train on, and the setting asks for exactly ` +
        `${trainingPairs}`,
    );
  }
  const order = createPrng(seed, "training-pairs").shuffle(others.map((_, i) => i));
  const drawn = new Set(order.slice(0, trainingPairs));
  return { training: others.filter((_, i) => drawn.has(i)), heldOut };
}
