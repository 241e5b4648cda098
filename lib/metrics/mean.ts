/** Mean of numbers; NaN of none. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  return sum / values.length;
}

/** Mean of a value of items; null of none. */
export function meanOf<T>(items: readonly T[], value: (item: T) => number): number | null {
  return items.length === 0 ? null : mean(items.map(value));
}
