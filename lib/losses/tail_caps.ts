/** Losses of a batch's tail, and how far each is drawn towards where the tail begins. */
export interface TailCaps {
  /** The quantile above which losses are drawn in. */
  readonly threshold: number;
  /** In [0, 1], length B: 0 leaves a loss, 1 makes it the threshold. */
  readonly weights: Float64Array;
}

/**
 * wDPO's soft winsorisation: losses above a quantile share a budget in proportion to their excess.
 *
 * @param losses of B pairs
 * @param quantile where the tail begins, in [0, 1]; between two losses it is interpolated
 * @param budget mean weight over the batch, in [0, 1]
 */
export function tailCaps(losses: Float64Array, quantile: number, budget: number): TailCaps {
  const sorted = losses.toSorted();
  const place = quantile * (losses.length - 1);
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  const threshold = below + (above - below) * (place - Math.floor(place));
  const excess = losses.map((loss) => Math.max(0, loss - threshold));
  const total = excess.reduce((a, b) => a + b);
  const weights = excess.map((value) =>
    total === 0 ? 0 : Math.min(1, budget * losses.length * (value / total))
  );
  return { threshold, weights };
}
