/** How many records were left out for each reason. */
export type DropCounts = Readonly<Record<string, number>>;

/** Counts one more record. */
export function countReason(counts: Record<string, number>, reason: string): void {
  counts[reason] = (counts[reason] ?? 0) + 1;
}

/** `12 chosen = rejected, 3 an empty response`; the most frequent first. */
export function dropText(counts: DropCounts): string {
  return Object.entries(counts).sort(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${count} ${reason}`).join(", ");
}
