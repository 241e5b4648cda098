import type { ClaimResult } from "../../lib/evaluation/claim.ts";

/**
 * One line a claim: verdict and difference, and beside it the published difference with whether the
 * two agree: the mean of one lies inside the 95 % interval of the other. Claims without two seeds
 * are only counted.
 *
 * @param claims how many claims the study has in all
 * @param published empty where nothing comparable is published
 */
export function headlines(
  reproduced: readonly ClaimResult[],
  published: readonly ClaimResult[],
  claims: number,
): string[] {
  const byId = new Map(published.map((result) => [result.claim.id, result]));
  const lines = reproduced.flatMap(({ claim, verdict, difference }) => {
    if (difference === undefined) return [];
    const own = `${claim.metric} ${signed(difference.mean)} ${interval(difference)}`;
    const other = byId.get(claim.id)?.difference;
    if (other === undefined) return [`  ${verdict.padEnd(13)} ${claim.id}: ${own}`];
    const agrees = holds(other, difference.mean) || holds(difference, other.mean);
    return [
      `  ${verdict.padEnd(13)} ${claim.id}: ${own}; published ${signed(other.mean)} ` +
      `${interval(other)}: ${agrees ? "agrees" : "does not agree"}`,
    ];
  });
  const untested = claims - lines.length;
  return untested === 0
    ? lines
    : [...lines, `  ${untested} more claims need cells or seeds that were not run`];
}

function signed(value: number): string {
  return (value < 0 ? "-" : "+") + Math.abs(value).toFixed(3);
}

function holds({ low, high }: { readonly low: number; readonly high: number }, mean: number) {
  return low <= mean && mean <= high;
}

function interval({ low, high }: { readonly low: number; readonly high: number }): string {
  return `[${signed(low)}, ${signed(high)}]`;
}
