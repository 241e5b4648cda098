import { createPrng } from "../../../random/prng.ts";
import { BOS_ID, idsOf, wordOf } from "./vocabulary.ts";

/** One prompt of the review world: `<bos> opener noun verb`. */
export interface WorldPrompt {
  /** Its four token ids. */
  readonly ids: Int32Array;
  /** The noun's topic: what a relevant adjective belongs to. */
  readonly topic: string;
}

/** Disjoint prompts for training and for every reported metric. */
export interface PromptSplit {
  /** For training. */
  readonly train: readonly WorldPrompt[];
  /** For measurement. */
  readonly heldOut: readonly WorldPrompt[];
}

/** All 240 prompts (5 openers x 12 nouns x 4 verbs), in a fixed order. */
export function allPrompts(): WorldPrompt[] {
  return idsOf("opener").flatMap((opener) =>
    idsOf("noun").flatMap((noun) =>
      idsOf("verb").map((verb) => ({
        ids: Int32Array.of(BOS_ID, opener, noun, verb),
        topic: wordOf(noun).topic,
      }))
    )
  );
}

/**
 * Splits the 240 prompts by seed.
 *
 * @param heldOut number of held-out prompts, below 240
 */
export function splitPrompts(seed: number, heldOut = 60): PromptSplit {
  const shuffled = createPrng(seed, "world", "split").shuffle(allPrompts());
  if (heldOut < 1 || heldOut >= shuffled.length) {
    throw new RangeError(`heldOut must be in [1, ${shuffled.length}), got ${heldOut}`);
  }
  return { heldOut: shuffled.slice(0, heldOut), train: shuffled.slice(heldOut) };
}
