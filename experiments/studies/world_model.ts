import { maxResponseTokens, PROMPT_TOKENS, WORLD_WORDS } from "../../lib/data/world/mod.ts";
import type { ModelConfig } from "../../lib/policy/config.ts";
import type { RunSpec } from "./run_config.ts";

/** The decoder of a run: the same code as a large model's, with a small shape. */
export function worldModelConfig({ sft, world }: RunSpec): ModelConfig {
  return {
    vocabSize: WORLD_WORDS.length,
    hiddenSize: sft.hiddenSize,
    intermediateSize: sft.intermediateSize,
    layers: sft.layers,
    heads: sft.heads,
    kvHeads: sft.heads,
    headDim: sft.hiddenSize / sft.heads,
    ropeTheta: 10_000,
    rmsNormEps: 1e-5,
    maxPositions: PROMPT_TOKENS + maxResponseTokens(world.clauses),
    tieEmbeddings: true,
  };
}
