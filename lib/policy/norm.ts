import type { Ops } from "../engine/ops/types.ts";
import type { Tensor1D, Tensor2D } from "../engine/tensorflow.ts";
import type { ModelConfig } from "./config.ts";

/** A norm's trained vectors, [D]. */
export interface NormWeights {
  readonly weight: Tensor1D;
  /** Of LayerNorm. */
  readonly bias: Tensor1D | undefined;
}

/**
 * The config's norm of x, or of x + delta, [N, D]: RMSNorm or LayerNorm. Returns the sum (x itself
 * without delta), y, and 1 / rms or 1 / standard deviation of each row.
 */
export function normalise(
  kernel: Ops,
  config: ModelConfig,
  x: Tensor2D,
  delta: Tensor2D | undefined,
  { weight, bias }: NormWeights,
): { sum: Tensor2D; y: Tensor2D; inverse: Tensor1D } {
  if (!config.layerNorm) return kernel.rmsNorm(x, delta, weight, config.rmsNormEps);
  const sum = delta === undefined ? x : kernel.add(x, delta);
  return { sum, ...kernel.layerNorm(sum, weight, bias as Tensor1D, config.rmsNormEps) };
}

/** Gradient of `normalise` in x, plus `residual`; and in weight and bias if asked for. */
export function normaliseGrad(
  kernel: Ops,
  config: ModelConfig,
  dy: Tensor2D,
  x: Tensor2D,
  weight: Tensor1D,
  inverse: Tensor1D,
  residual: Tensor2D | undefined,
  weightGrad: boolean,
): { dx: Tensor2D; dweight: Tensor1D | undefined; dbias: Tensor1D | undefined } {
  return config.layerNorm
    ? kernel.layerNormGrad(dy, x, weight, inverse, residual, weightGrad)
    : { ...kernel.rmsNormGrad(dy, x, weight, inverse, residual, weightGrad), dbias: undefined };
}
