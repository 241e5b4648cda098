/** Shape of a Llama-architecture decoder (`LlamaForCausalLM`). */
export interface ModelConfig {
  /** Tokens V in the vocabulary. */
  readonly vocabSize: number;
  /** Width D of the residual stream. */
  readonly hiddenSize: number;
  /** Width F of the SwiGLU inner layer. */
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
  /** Added to the mean square before its root (RMSNorm). */
  readonly rmsNormEps: number;
  /** Longest sequence in tokens, prompt and completion together. */
  readonly maxPositions: number;
  /** Whether the output projection is the transposed embedding table. */
  readonly tieEmbeddings: boolean;
  /** How rotary frequencies were stretched for longer contexts; absent for the plain ones. */
  readonly ropeScaling?: RopeScaling;
}

/** Frequency scaling of rotary embeddings; `rotaryFrequencies` applies it. */
export type RopeScaling =
  | { readonly type: "linear"; readonly factor: number }
  | {
    readonly type: "llama3";
    readonly factor: number;
    readonly lowFreqFactor: number;
    readonly highFreqFactor: number;
    readonly originalMaxPositions: number;
  };
