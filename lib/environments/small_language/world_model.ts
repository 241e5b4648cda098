import type { ModelConfig } from "../../policy/config.ts";
import type { SmallLanguageSetting } from "./setting.ts";
import { maxResponseTokens, PROMPT_TOKENS, WORLD_WORDS } from "./world/mod.ts";

/** The decoder of a run: the same code as a large model's, with a small shape. */
export function worldModelConfig(
  { hiddenSize, intermediateSize, layers, heads, clauses }: SmallLanguageSetting,
): ModelConfig {
  return {
    vocabSize: WORLD_WORDS.length,
    hiddenSize,
    intermediateSize,
    layers,
    heads,
    kvHeads: heads,
    headDim: hiddenSize / heads,
    ropeTheta: 10_000,
    rmsNormEps: 1e-5,
    maxPositions: PROMPT_TOKENS + maxResponseTokens(clauses),
    tieEmbeddings: true,
  };
}
