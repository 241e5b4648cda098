import type { Tensor, Tensor1D, Tensor2D } from "../tensorflow.ts";

/** How the columns of a `qkv` row divide: query heads, then key heads, then value heads. */
export interface AttentionShape {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** Rows that a row attends to, itself included: the last of its sequence. Absent for all. */
  readonly window?: number;
}

/**
 * A run of consecutive packed rows and the rows they see.
 *
 * Its tokens attend to all of the prefix (which other segments may share: a prompt) and to the
 * segment itself up to their own position.
 */
export interface Segment {
  readonly start: number;
  readonly length: number;
  readonly prefixStart: number;
  readonly prefixLength: number;
}

/** What attention over one packed batch needs on the device. Dispose it with the batch. */
export interface AttentionLayout {
  readonly segments: readonly Segment[];
  /** N, the number of packed rows. */
  readonly rows: number;
  readonly tensors: readonly Tensor[];
  dispose(): void;
}

/** Rotary tables [P, headDim / 2] and the position of each packed row [N] (int32). */
export interface Rotation {
  readonly cos: Tensor2D;
  readonly sin: Tensor2D;
  readonly positions: Tensor1D;
}

/** Result of attention: its output and whatever its gradient needs back. */
export interface AttentionResult {
  /** [N, heads * headDim] */
  readonly out: Tensor2D;
  readonly saved: readonly Tensor[];
}

/** Keys and values of one layer while responses are generated, token by token. */
export interface DecodeCache {
  /** Adds one token for each response and attends. qkv [B, W] (rotated) to [B, heads * headDim]. */
  attend(qkv: Tensor2D): Tensor2D;
  /** Goes on with these responses only (row indices, ascending). */
  keep(rows: Int32Array): void;
  dispose(): void;
}

/** Scalars of one AdamW step. */
export interface AdamWScalars {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** 1-based count of steps, for the bias corrections. */
  readonly step: number;
  /** Factor on the gradient: 1, or less when clipping. */
  readonly gradFactor: number;
}

/** A parameter with its two moments. */
export interface AdamWSlot {
  readonly value: Tensor;
  readonly first: Tensor;
  readonly second: Tensor;
}

/**
 * The tensor operations of the model, forward and backward, on packed [N, D] rows.
 *
 * Two implementations give the same numbers up to rounding: `native` (our fused TensorFlow CPU
 * kernels) and `composite` (ordinary TensorFlow.js ops, for wasm, GPU and where no compiler is).
 */
export interface Ops {
  readonly name: "native" | "composite";
  /** a [M, K] times b [K, N]; each may be given transposed. */
  matMul(a: Tensor2D, b: Tensor2D, transposeA?: boolean, transposeB?: boolean): Tensor2D;
  add<T extends Tensor>(a: T, b: T): T;
  mul(a: Tensor, b: Tensor): Tensor;
  /** x [N, D] with bias [D] added to each row. */
  addBias(x: Tensor2D, bias: Tensor1D): Tensor2D;
  /** x [M, D] with row m multiplied by factors[m]. */
  scaleRows(x: Tensor2D, factors: Tensor1D): Tensor2D;
  /** Rows of a table [V, D] by int32 ids [N]. */
  gatherRows(table: Tensor2D, ids: Tensor1D): Tensor2D;
  /** Sum of values [M, D] into `rows` rows by int32 ids [M]. */
  scatterAddRows(values: Tensor2D, ids: Tensor1D, rows: number): Tensor2D;
  sliceRows(x: Tensor2D, start: number, count: number): Tensor2D;
  /** x [M, D] as the last M of `rows` rows, zeros above. */
  padRows(x: Tensor2D, rows: number): Tensor2D;
  /** Normalises x, or x + delta. Returns the sum (x itself without delta), y and 1 / rms [N]. */
  rmsNorm(
    x: Tensor2D,
    delta: Tensor2D | undefined,
    weight: Tensor1D,
    eps: number,
  ): { sum: Tensor2D; y: Tensor2D; inverse: Tensor1D };
  /** Gradient of rmsNorm in its input, plus `residual`; and in the weight if asked for. */
  rmsNormGrad(
    dy: Tensor2D,
    x: Tensor2D,
    weight: Tensor1D,
    inverse: Tensor1D,
    residual: Tensor2D | undefined,
    weightGrad: boolean,
  ): { dx: Tensor2D; dweight: Tensor1D | undefined };
  /** LayerNorm with bias: y and 1 / sqrt(variance + eps) [N]. */
  layerNorm(
    x: Tensor2D,
    weight: Tensor1D,
    bias: Tensor1D,
    eps: number,
  ): { y: Tensor2D; inverse: Tensor1D };
  /** Gradient of layerNorm in x, plus `residual`; and in weight and bias if asked for. */
  layerNormGrad(
    dy: Tensor2D,
    x: Tensor2D,
    weight: Tensor1D,
    inverse: Tensor1D,
    residual: Tensor2D | undefined,
    weightGrad: boolean,
  ): { dx: Tensor2D; dweight: Tensor1D | undefined; dbias: Tensor1D | undefined };
  /** Rotates query and key heads of qkv [N, W]; `inverse` is its gradient. */
  rope(qkv: Tensor2D, rotation: Rotation, shape: AttentionShape, inverse: boolean): Tensor2D;
  attentionLayout(segments: readonly Segment[], rows: number): AttentionLayout;
  attention(qkv: Tensor2D, layout: AttentionLayout, shape: AttentionShape): AttentionResult;
  /** Gradient in qkv [N, W]. */
  attentionGrad(
    dout: Tensor2D,
    qkv: Tensor2D,
    result: AttentionResult,
    layout: AttentionLayout,
    shape: AttentionShape,
  ): Tensor2D;
  /**
   * @param promptQkv rotated rows of the prompts [Np, W]; the cache keeps using them: not owned
   * @param spans [start, length] of each response's prompt rows, flat [2 B]
   * @param capacity most tokens a response will have
   */
  decodeCache(
    promptQkv: Tensor2D,
    spans: Int32Array,
    capacity: number,
    shape: AttentionShape,
  ): DecodeCache;
  /** silu(gate) * up of [N, 2F]. */
  swiglu(gateUp: Tensor2D): Tensor2D;
  swigluGrad(dy: Tensor2D, gateUp: Tensor2D): Tensor2D;
  /** GELU by the error function, x Phi(x), of [N, F]. */
  gelu(x: Tensor2D): Tensor2D;
  geluGrad(dy: Tensor2D, x: Tensor2D): Tensor2D;
  /** Log-probability of targets[m] under logits[m]; [M]. */
  tokenLogps(logits: Tensor2D, targets: Tensor1D): Tensor1D;
  /** The same, with d logps[m] / d logits[m] = onehot - softmax. Consumes `logits`. */
  tokenLogpsWithResidual(
    logits: Tensor2D,
    targets: Tensor1D,
  ): { logps: Tensor1D; residual: Tensor2D };
  /** Sum of squares, a scalar. */
  sumSquares(x: Tensor): Tensor;
  /** One step. Consumes the slot and returns what replaces it (native updates in place). */
  adamW(slot: AdamWSlot, grad: Tensor, scalars: AdamWScalars): AdamWSlot;
  /** Uniform numbers in [0, 1), the same for the same two 32-bit seeds. */
  uniform(shape: number[], seed: readonly [number, number]): Tensor;
}
