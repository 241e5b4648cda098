import { holmAdjusted } from "./holm.ts";
import { type PairedDifference, pairedDifference } from "./intervals.ts";

/** A sentence that the records can decide, written down before the runs. */
export interface Claim {
  readonly id: string;
  /** What is tested, in one sentence. */
  readonly text: string;
  /** What the paper says, or "" where the question is ours. */
  readonly paper: string;
  readonly metric: string;
  /** Condition key (see `Study`) and the two arms compared within it, paired by seed. */
  readonly condition: string;
  readonly arm: string;
  readonly baseline: string;
  /** Iteration that is compared, from 1; the last one unless told. */
  readonly iteration?: number;
  /** Iteration of the baseline; the same unless told. */
  readonly baselineIteration?: number;
  /** The sign of `arm - baseline` that the claim needs. */
  readonly direction: "higher" | "lower" | "same";
  /** Differences smaller than this, in the metric's unit, do not matter. */
  readonly smallestEffect: number;
}

/** How a claim fares; undecided where its interval holds both answers. */
export type Verdict = "holds" | "does not hold" | "undecided";

/** What the records say about a claim. */
export interface ClaimResult {
  readonly claim: Claim;
  readonly verdict: Verdict;
  /** Undefined where fewer than two seeds are there. */
  readonly difference?: PairedDifference;
  /** p-value after Holm's correction over the study's claims; 1 without a difference. */
  readonly adjustedP: number;
}

/** Paired values of a claim: one a seed. */
export interface ClaimData {
  readonly claim: Claim;
  readonly armValues: readonly number[];
  readonly baselineValues: readonly number[];
}

/**
 * Verdicts on a family of claims.
 *
 * A directed claim holds where the difference has the claimed sign and Holm's adjusted p-value is
 * below 0.05; it does not hold where the 95 % t interval leaves no room for the smallest effect in
 * the claimed direction. "same" holds where the interval lies inside +- the smallest effect and
 * does not hold where Holm's p is below 0.05 and the mean is beyond it. All else is undecided.
 */
export function judgeClaims(family: readonly ClaimData[]): ClaimResult[] {
  const differences = family.map(({ armValues, baselineValues }) =>
    armValues.length >= 2 && [...armValues, ...baselineValues].every(Number.isFinite)
      ? pairedDifference(armValues, baselineValues)
      : undefined
  );
  const adjusted = holmAdjusted(differences.map((difference) => difference?.p ?? 1));
  return family.map(({ claim }, i) => {
    const difference = differences[i];
    const adjustedP = adjusted[i] as number;
    if (difference === undefined) return { claim, verdict: "undecided", adjustedP };
    return { claim, verdict: verdictOf(claim, difference, adjustedP), difference, adjustedP };
  });
}

function verdictOf(claim: Claim, difference: PairedDifference, adjustedP: number): Verdict {
  const { low, high, mean } = difference;
  const effect = claim.smallestEffect;
  switch (claim.direction) {
    case "higher":
      return mean > 0 && adjustedP < 0.05 ? "holds" : high < effect ? "does not hold" : "undecided";
    case "lower":
      return mean < 0 && adjustedP < 0.05 ? "holds" : low > -effect ? "does not hold" : "undecided";
    case "same":
      return low > -effect && high < effect
        ? "holds"
        : adjustedP < 0.05 && Math.abs(mean) > effect
        ? "does not hold"
        : "undecided";
  }
}
