/** Largest difference at which two sides still compute the same, relative above 1. */
export const TOLERANCE = 1e-3;

/** Whether both sides computed the same. */
export interface Agreement {
  readonly agrees: boolean;
  /** Numbers compared. */
  readonly values: number;
  /** Largest |a - b| / max(1, |a|); of token ids the share that differs. */
  readonly largest: number;
}

/** Compares numbers, or token ids with `exact`. Different counts, NaN and nothing never agree. */
export function compareValues(
  ours: readonly number[],
  pytorch: readonly number[],
  exact: boolean,
): Agreement {
  const values = ours.length;
  if (values === 0 || pytorch.length !== values) {
    return { agrees: false, values, largest: Infinity };
  }
  const differences = ours.map((a, i) => {
    const b = pytorch[i] as number;
    if (exact) return a === b ? 0 : 1 / values;
    return Math.abs(a - b) / Math.max(1, Math.abs(a));
  });
  const largest = exact
    ? differences.reduce((a, b) => a + b, 0)
    : differences.reduce((a, b) => b > a || Number.isNaN(b) ? b : a, 0);
  return { agrees: largest <= (exact ? 0 : TOLERANCE), values, largest };
}
