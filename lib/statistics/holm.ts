/**
 * Holm's step-down adjusted p-values (Holm 1979), in the order given.
 *
 * A family tested at level a rejects where the adjusted value is below a; the chance of any false
 * rejection is then at most a.
 */
export function holmAdjusted(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) =>
    (pValues[a] as number) - (pValues[b] as number)
  );
  const adjusted = new Array<number>(pValues.length);
  let largest = 0;
  order.forEach((index, rank) => {
    const scaled = Math.min(1, (pValues.length - rank) * (pValues[index] as number));
    largest = Math.max(largest, scaled);
    adjusted[index] = largest;
  });
  return adjusted;
}
