/**
 * The candidate nearest to a mistyped word by Levenshtein distance, case ignored; a candidate that
 * starts with the word (or the other way round) counts as near. Undefined if none is nearer than two
 * changes, or one change in three letters.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const typed = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const name = candidate.toLowerCase();
    const prefix = typed !== "" && (name.startsWith(typed) || typed.startsWith(name));
    const distance = prefix ? 0.5 : editDistance(typed, name);
    const length = Math.max(typed.length, name.length);
    const near = distance < length && distance <= Math.max(2, length / 3);
    if (near && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Fewest insertions, deletions and replacements of one letter that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1] as number + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
