import type { FusedSite } from "./fused_site.ts";

/** Model families, by Hugging Face's `model_type`. */
export type Architecture = "llama" | "mistral" | "qwen2" | "qwen3" | "gpt_neox";

/**
 * Shape of a decoder. What a family has beyond Llama is a field that Llama leaves out: forward
 * pass, gradient and decoder obey the fields, never the family's name.
 */
export interface ModelConfig {
  /** Decides the names of tensors and files' fields; absent for Llama. */
  readonly architecture?: Architecture;
  /** Tokens V in the vocabulary. */
  readonly vocabSize: number;
  /** Width D of the residual stream. */
  readonly hiddenSize: number;
  /** Width F of the inner layer of the MLP. */
  readonly intermediateSize: number;
  /** Decoder layers. */
  readonly layers: number;
  /** Query heads H. */
  readonly heads: number;
  /** Key and value heads; a divisor of `heads` (grouped-query attention). */
  readonly kvHeads: number;
  /** Width of one head; even. */
  readonly headDim: number;
  /** Base of the rotary frequencies. */
  readonly ropeTheta: number;
  /** Added to the mean square, or to the variance, before its root. */
  readonly rmsNormEps: number;
  /** Longest sequence in tokens, prompt and completion together. */
  readonly maxPositions: number;
  /** Whether the output projection is the transposed embedding table. */
  readonly tieEmbeddings: boolean;
  /** How rotary frequencies were stretched for longer contexts; absent for the plain ones. */
  readonly ropeScaling?: RopeScaling;
  /** Leading components of each head that rotate; absent for all. */
  readonly rotaryDim?: number;
  /** Tokens that a token attends to, itself included; absent for all before it. */
  readonly slidingWindow?: number;
  /** Layers, from 0, that attend to everything in spite of the window; absent for none. */
  readonly fullLayers?: readonly number[];
  /** Matrices with a bias; absent for none. */
  readonly biases?: readonly FusedSite[];
  /** RMSNorm of each query and key head before the rotation (Qwen3). */
  readonly headNorm?: true;
  /** LayerNorm with bias in place of RMSNorm (GPT-NeoX). */
  readonly layerNorm?: true;
  /** GELU of one projection in place of SwiGLU of two (GPT-NeoX). */
  readonly gelu?: true;
  /** The MLP reads the layer's input, not the stream after attention (GPT-NeoX). */
  readonly parallelResidual?: true;
}

/** Frequency scaling of rotary embeddings; `rotaryFrequencies` applies it. */
export type RopeScaling =
  | { readonly type: "linear"; readonly factor: number }
  /** Plain up to `maxPositions`, which no sequence exceeds here; transformers stretches beyond. */
  | { readonly type: "dynamic"; readonly factor: number }
  | {
    readonly type: "llama3";
    readonly factor: number;
    readonly lowFreqFactor: number;
    readonly highFreqFactor: number;
    readonly originalMaxPositions: number;
  }
  | {
    readonly type: "yarn";
    readonly factor: number;
    readonly originalMaxPositions: number;
    readonly betaFast: number;
    readonly betaSlow: number;
    /** Factor on cosines and sines. */
    readonly attentionFactor: number;
    /** Whether the corrected range has whole bounds. */
    readonly truncate: boolean;
  };
