/** The share of values that an axis always shows. */
const CORE = 0.85;

/**
 * The range an axis should show so that a few far values do not squeeze the others: the shortest
 * interval that holds 85 % of the values, and all that lies within its own width from it. NaN, the
 * end of an interval that there is not, counts as no value.
 */
export function robustRange(values: readonly number[]): readonly [low: number, high: number] {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const at = (index: number) => sorted[index] as number;
  const size = Math.ceil(CORE * sorted.length);
  let start = 0;
  for (let i = 0; i + size <= sorted.length; i++) {
    if (at(i + size - 1) - at(i) < at(start + size - 1) - at(start)) start = i;
  }
  const [low, high] = [at(start), at(start + size - 1)];
  const shown = sorted.filter((value) =>
    value >= low - (high - low) && value <= high + (high - low)
  );
  return [shown[0] as number, shown.at(-1) as number];
}
