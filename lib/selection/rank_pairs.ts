/** Indices by falling value; equal values by rising index. No value may be NaN. */
export function rankPairs(values: Float64Array): number[] {
  return Array.from(values.keys()).sort((a, b) => {
    const [x, y] = [values[a] as number, values[b] as number];
    return x > y ? -1 : x < y ? 1 : a - b;
  });
}
