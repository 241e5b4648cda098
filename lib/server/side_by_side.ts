/**
 * Does tasks side by side. After a failure no further one begins, but those under way end, so that
 * what they cost is not lost; then the first failure is thrown.
 *
 * @param width most tasks at a time
 * @returns the results in the order of the items
 */
export async function sideBySide<I, O>(
  items: readonly I[],
  width: number,
  task: (item: I, index: number) => Promise<O>,
): Promise<O[]> {
  const results = new Array<O>(items.length);
  const failures: unknown[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length && failures.length === 0) {
      const index = next++;
      try {
        results[index] = await task(items[index] as I, index);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, work));
  if (failures.length > 0) throw failures[0];
  return results;
}
