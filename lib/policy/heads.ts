import type { AttentionShape, Ops, Rotation } from "../engine/ops/types.ts";
import { engine, type Tensor, type Tensor1D, type Tensor2D } from "../engine/tensorflow.ts";
import type { ModelConfig } from "./config.ts";
import type { LayerParameters, ModelParameters } from "./parameters.ts";

/** What attention of one layer needs: heads, and the window where the layer has one. */
export function attentionShape(config: ModelConfig, layer: number): AttentionShape {
  const { heads, kvHeads, headDim, slidingWindow } = config;
  const window = config.fullLayers?.includes(layer) ? undefined : slidingWindow;
  return { heads, kvHeads, headDim, ...(window !== undefined && { window }) };
}

/** What the gradient of `prepareHeads` needs where heads are normalised; else undefined. */
export interface HeadNormTape {
  /** Projections before the norm, [N, W]. */
  readonly raw: Tensor2D;
  readonly queryInverse: Tensor1D;
  readonly keyInverse: Tensor1D;
}

/** Weights of which heads are prepared. */
export interface HeadWeights {
  readonly config: ModelConfig;
  readonly parameters: ModelParameters;
}

/** Columns of a [N, W] row as rows of one head each, [N * count, headDim]. */
function rowsOfHeads(x: Tensor2D, first: number, count: number, headDim: number): Tensor2D {
  const { tf } = engine();
  return tf.reshape(tf.slice(x, [0, first * headDim], [-1, count * headDim]), [-1, headDim]);
}

/**
 * Queries and keys as attention reads them: normalised by head where the model does that, then
 * rotated. Takes `raw`: it is freed, or kept in the tape.
 *
 * @param raw projections of the layer's input, [N, (H + 2 KV) * headDim]
 */
export function prepareHeads(
  kernel: Ops,
  { config, parameters }: HeadWeights,
  layer: number,
  raw: Tensor2D,
  rotation: Rotation,
): { qkv: Tensor2D; tape: HeadNormTape | undefined } {
  const { tf } = engine();
  const { queryNorm, keyNorm } = parameters.layers[layer] as LayerParameters;
  const rotated = (x: Tensor2D) => kernel.rope(x, rotation, config, false);
  if (queryNorm === undefined || keyNorm === undefined) {
    const qkv = rotated(raw);
    raw.dispose();
    return { qkv, tape: undefined };
  }
  const { heads, kvHeads, headDim, rmsNormEps } = config;
  const [qkv, queryInverse, keyInverse] = tf.tidy(() => {
    const queries = rowsOfHeads(raw, 0, heads, headDim);
    const keys = rowsOfHeads(raw, heads, kvHeads, headDim);
    const q = kernel.rmsNorm(queries, undefined, queryNorm, rmsNormEps);
    const k = kernel.rmsNorm(keys, undefined, keyNorm, rmsNormEps);
    const normed = tf.concat([
      tf.reshape(q.y, [-1, heads * headDim]),
      tf.reshape(k.y, [-1, kvHeads * headDim]),
      tf.slice(raw, [0, (heads + kvHeads) * headDim], [-1, -1]),
    ], 1) as Tensor2D;
    return [rotated(normed), q.inverse, k.inverse] as Tensor[];
  }) as [Tensor2D, Tensor1D, Tensor1D];
  return { qkv, tape: { raw, queryInverse, keyInverse } };
}

/** Gradient of `prepareHeads` in `raw`. Takes `dqkv` and the tape; norms' gradients go to `put`, if given. */
export function prepareHeadsGrad(
  kernel: Ops,
  { config, parameters }: HeadWeights,
  layer: number,
  dqkv: Tensor2D,
  rotation: Rotation,
  tape: HeadNormTape | undefined,
  put: ((name: string, grad: Tensor) => void) | undefined,
): Tensor2D {
  const { tf } = engine();
  const { queryNorm, keyNorm } = parameters.layers[layer] as LayerParameters;
  const drotated = kernel.rope(dqkv, rotation, config, true);
  dqkv.dispose();
  if (tape === undefined) return drotated;
  const { heads, kvHeads, headDim } = config;
  const { raw, queryInverse, keyInverse } = tape;
  const grad = (first: number, count: number, weight: Tensor1D, inverse: Tensor1D) =>
    kernel.rmsNormGrad(
      rowsOfHeads(drotated, first, count, headDim),
      rowsOfHeads(raw, first, count, headDim),
      weight,
      inverse,
      undefined,
      put !== undefined,
    );
  const [draw, ...dweights] = tf.tidy(() => {
    const q = grad(0, heads, queryNorm as Tensor1D, queryInverse);
    const k = grad(heads, kvHeads, keyNorm as Tensor1D, keyInverse);
    const out: Tensor[] = [tf.concat([
      tf.reshape(q.dx, [-1, heads * headDim]),
      tf.reshape(k.dx, [-1, kvHeads * headDim]),
      tf.slice(drotated, [0, (heads + kvHeads) * headDim], [-1, -1]),
    ], 1)];
    if (q.dweight !== undefined && k.dweight !== undefined) out.push(q.dweight, k.dweight);
    return out;
  }) as [Tensor2D, ...Tensor[]];
  ["queryNorm", "keyNorm"].forEach((name, i) => {
    const dweight = dweights[i];
    if (dweight !== undefined) put?.(`layers.${layer}.${name}`, dweight);
  });
  tf.dispose([drotated, raw, queryInverse, keyInverse]);
  return draw;
}
