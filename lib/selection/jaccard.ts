/** |A and B| / |A or B| of two sets of indices; 1 for two empty sets. */
export function jaccard(a: Iterable<number>, b: Iterable<number>): number {
  const left = new Set(a);
  const right = new Set(b);
  const union = left.union(right).size;
  return union === 0 ? 1 : left.intersection(right).size / union;
}
