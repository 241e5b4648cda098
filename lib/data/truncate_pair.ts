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
 * prompt and limits alone.
 *
 * @param bosTokenId token that a prompt keeps where it begins with it, whatever else is cut
 */
export function truncatePair(
  pair: TokenizedPair,
  limits: LengthLimits,
  keep: "keep_end" | "keep_start",
  bosTokenId?: number,
): TruncatedPair {
  const promptIds = cutPrompt(pair.promptIds, limits.maxPromptLength, keep, bosTokenId);
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

/** Tokens that a prompt may have: what its longest answer leaves of `maxLength`, at least half. */
export function promptRoom(maxLength: number, longestAnswer: number): number {
  return Math.max(Math.floor(maxLength / 2), maxLength - longestAnswer);
}

/** Tokens of a pair's longer answer. */
export function longerAnswer({ chosenIds, rejectedIds }: TokenizedPair): number {
  return Math.max(chosenIds.length, rejectedIds.length);
}

/** At most `maxPromptLength` ids of a prompt: its last ones, after `bos` where it leads; or its first. */
function cutPrompt(
  promptIds: Int32Array,
  maxPromptLength: number,
  keep: "keep_end" | "keep_start",
  bos: number | undefined,
): Int32Array {
  if (promptIds.length <= maxPromptLength) return promptIds;
  if (keep === "keep_start") return promptIds.slice(0, maxPromptLength);
  const kept = promptIds.slice(promptIds.length - maxPromptLength);
  if (bos !== undefined && promptIds[0] === bos && maxPromptLength > 1) kept[0] = bos;
  return kept;
}
