/** Multiply-adds of the model by counting: what time should grow with. */
import type { ModelConfig } from "../../lib/policy/config.ts";

/** Rows of one forward pass and what they see. */
export interface PassSize {
  /** Rows that go through the layers. */
  readonly rows: number;
  /** Sum over rows of the keys that each sees. */
  readonly keys: number;
  /** Rows whose logits are computed. */
  readonly logitRows: number;
}

/** Multiply-adds of one forward pass. */
export function forwardOperations(
  config: ModelConfig,
  { rows, keys, logitRows }: PassSize,
): number {
  const { hiddenSize, intermediateSize, layers, heads, kvHeads, headDim, vocabSize } = config;
  const attention = hiddenSize * (heads + 2 * kvHeads) * headDim + heads * headDim * hiddenSize;
  const layer = rows * (attention + 3 * hiddenSize * intermediateSize) + 2 * keys * heads * headDim;
  return layers * layer + logitRows * vocabSize * hiddenSize;
}

/** Keys seen by `length` new tokens after `prefix` earlier ones. */
export function keysSeen(prefix: number, length: number): number {
  return length * prefix + length * (length + 1) / 2;
}

/** A pass over pairs whose prompts are run once. */
export function pairPass(pairs: number, prompt: number, completion: number): PassSize {
  const prefix = prompt - 1;
  return {
    rows: pairs * (prefix + 2 * completion),
    keys: pairs * (keysSeen(0, prefix) + 2 * keysSeen(prefix, completion)),
    logitRows: pairs * 2 * completion,
  };
}

/** All passes of decoding `responses` responses a prompt of `newTokens` tokens. */
export function generationPass(
  prompts: number,
  prompt: number,
  responses: number,
  newTokens: number,
): PassSize {
  const prefix = prompt - 1, made = prompts * responses * newTokens;
  return {
    rows: prompts * prefix + made,
    keys: prompts * (keysSeen(0, prefix) + responses * keysSeen(prefix, newTokens)),
    logitRows: made,
  };
}
