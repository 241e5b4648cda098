import type { SmallLanguageSetting } from "../../../lib/environments/small_language/setting.ts";

/** A run in the small language that takes a fraction of a second. */
export const TINY = {
  heldOutPrompts: 8,
  hiddenSize: 16,
  intermediateSize: 16,
  layers: 1,
  heads: 2,
  sftSentences: 64,
  sftSteps: 4,
  sftBatch: 16,
  pairs: 24,
  samplesPerPrompt: 2,
} as const satisfies Partial<SmallLanguageSetting>;
