/**
 * log(1 / (1 + exp(-x))) without overflow or cancellation: exact to rounding for every finite x.
 *
 * For large negative x the result is x itself; for large positive x it is -exp(-x), then -0.
 */
export function logSigmoid(x: number): number {
  return Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
}

/** 1 / (1 + exp(-x)) without overflow; the derivative of `logSigmoid` at x is `sigmoid(-x)`. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}
