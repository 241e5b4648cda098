import type { TokenizedPair } from "./preference.ts";

/**
 * What gives way in a pair longer than the limit: the start of the prompt (`keep_end`), the end of
 * the prompt (`keep_start`), or the whole pair (`drop`).
 */
export type Truncation = "keep_end" | "keep_start" | "drop";

/** Limits in tokens. */
export interface LengthLimits {
  /** Prompt and one completion together; at least 2. */
  readonly maxLength: number;
  /** The prompt alone; below `maxLength`. */
  readonly maxPromptLength: number;
}

/** A pair within the limits, and what had to be cut. */
export interface TruncatedPair {
  readonly pair: TokenizedPair;
  readonly cut: { readonly prompt: boolean; readonly chosen: boolean; readonly rejected: boolean };
}

/**
 * Cuts the prompt to `maxPromptLength` and then each completion at its end to what is left of
 * `maxLength`; a cut completion has no end-of-sequence token. What is cut from a prompt depends on
 * the prompt alone, so pairs of one prompt keep one prompt.
 */
export function truncatePair(
  pair: TokenizedPair,
  limits: LengthLimits,
  keep: "keep_end" | "keep_start",
): TruncatedPair {
  const promptIds = cutPrompt(pair.promptIds, limits.maxPromptLength, keep);
  const room = limits.maxLength - promptIds.length;
  return {
    pair: {
      ...pair,
      promptIds,
      chosenIds: pair.chosenIds.slice(0, room),
      rejectedIds: pair.rejectedIds.slice(0, room),
    },
    cut: {
      prompt: promptIds.length < pair.promptIds.length,
      chosen: pair.chosenIds.length > room,
      rejected: pair.rejectedIds.length > room,
    },
  };
}

/** At most `maxPromptLength` ids of a prompt: its last ones, or its first ones. */
export function cutPrompt(
  promptIds: Int32Array,
  maxPromptLength: number,
  keep: "keep_end" | "keep_start",
): Int32Array {
  if (promptIds.length <= maxPromptLength) return promptIds;
  return keep === "keep_end"
    ? promptIds.slice(promptIds.length - maxPromptLength)
    : promptIds.slice(0, maxPromptLength);
}
