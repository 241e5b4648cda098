import type { Prng } from "../../lib/random/prng.ts";

/**
 * The derivative of `f` at `x` along `direction` by the five-point stencil, error O(step^4).
 *
 * `f` is computed in float32 inside: a step near 0.02 keeps its rounding at about 1e-5 of |f|.
 */
export function directionalDerivative(
  f: (x: Float32Array) => number,
  x: Float32Array,
  direction: Float32Array,
  step: number,
): number {
  const at = (t: number) => f(x.map((value, i) => value + t * direction[i]!));
  return (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
}

/** Sum of products, in float64. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Standard normal float32 numbers times `scale`. */
export function normals(prng: Prng, count: number, scale = 1): Float32Array {
  return Float32Array.from({ length: count }, () => scale * prng.normal());
}
