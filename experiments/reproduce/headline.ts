import type { ClaimResult } from "../../lib/evaluation/claim.ts";

/**
 * One line a claim: verdict and difference, and beside it the published difference with whether the
 * reproduced one lies inside its 95 % interval. `published` is empty where nothing comparable is.
 */
export function headlines(
  reproduced: readonly ClaimResult[],
  published: readonly ClaimResult[],
): string[] {
  const byId = new Map(published.map((result) => [result.claim.id, result]));
  return reproduced.map((result) => {
    const { claim, verdict, difference } = result;
    const own = difference === undefined
      ? "no two seeds yet"
      : `${claim.metric} ${signed(difference.mean)} ${interval(difference)}`;
    const other = byId.get(claim.id)?.difference;
    if (other === undefined) return `  ${verdict.padEnd(13)} ${claim.id}: ${own}`;
    const agrees = difference !== undefined && difference.mean >= other.low &&
      difference.mean <= other.high;
    return `  ${verdict.padEnd(13)} ${claim.id}: ${own}; published ${signed(other.mean)} ` +
      `${interval(other)}: ${agrees ? "agrees" : "does not agree"}`;
  });
}

function signed(value: number): string {
  return (value < 0 ? "-" : "+") + Math.abs(value).toFixed(3);
}

function interval({ low, high }: { readonly low: number; readonly high: number }): string {
  return `[${signed(low)}, ${signed(high)}]`;
}
