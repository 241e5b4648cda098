import type { ClaimResult } from "../../lib/evaluation/claim.ts";
import type { PairedDifference } from "../../lib/evaluation/intervals.ts";

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
    const own = `${claim.metric} ${differenceText(difference)}`;
    const other = byId.get(claim.id)?.difference;
    if (other === undefined) return [`  ${verdict.padEnd(13)} ${claim.id}: ${own}`];
    const agrees = contains(other, difference.mean) || contains(difference, other.mean);
    return [
      `  ${verdict.padEnd(13)} ${claim.id}: ${own}; published ` +
      `${differenceText(other)}: ${agrees ? "agrees" : "does not agree"}`,
    ];
  });
  const untested = claims - lines.length;
  return untested === 0
    ? lines
    : [...lines, `  ${untested} more claims need cells or seeds that were not run`];
}

/** "+0.230 [+0.160, +0.300]": mean and 95 % interval, in ASCII for terminals and padded tables. */
export function differenceText({ mean, low, high }: PairedDifference): string {
  const signed = (value: number) => (value < 0 ? "-" : "+") + Math.abs(value).toFixed(3);
  return `${signed(mean)} [${signed(low)}, ${signed(high)}]`;
}

function contains({ low, high }: PairedDifference, value: number): boolean {
  return low <= value && value <= high;
}
