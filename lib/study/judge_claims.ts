import { holmAdjusted } from "../statistics/holm.ts";
import type { Claim } from "./claim.ts";
import { type Contrast, contrasts } from "./contrasts.ts";
import type { StudyRow } from "./rows.ts";

/** How a claim fares; undecided where its interval holds both answers. */
export type Verdict = "holds" | "does not hold" | "undecided";

/** What the records say about a claim. */
export interface ClaimResult {
  /** What was claimed. */
  readonly claim: Claim;
  /** How it fares. */
  readonly verdict: Verdict;
  /** Undefined where fewer than two seeds are there. */
  readonly contrast?: Contrast;
  /** p-value after Holm's correction over the family; 1 without a contrast. */
  readonly adjustedP: number;
}

/**
 * Verdicts on a family of claims, from the contrasts of their rows.
 *
 * A directed claim holds where the difference has the claimed sign and Holm's adjusted p-value is
 * below 0.05; it does not hold where the 95 % t interval leaves no room for the smallest effect in
 * the claimed direction. "same" holds where the interval lies inside +- the smallest effect and
 * does not hold where Holm's p is below 0.05 and the mean is beyond it. All else is undecided.
 */
export function judgeClaims(family: readonly Claim[], rows: readonly StudyRow[]): ClaimResult[] {
  const found = family.map((claim) => contrastOf(claim, rows));
  const adjusted = holmAdjusted(found.map((contrast) => contrast?.p ?? 1));
  return family.map((claim, i) => {
    const contrast = found[i];
    const adjustedP = adjusted[i] as number;
    if (contrast === undefined) return { claim, verdict: "undecided", adjustedP };
    return { claim, verdict: verdictOf(claim, contrast, adjustedP), contrast, adjustedP };
  });
}

function contrastOf(claim: Claim, rows: readonly StudyRow[]): Contrast | undefined {
  const { condition, metric, arm, baseline } = claim;
  const own = rows.filter((row) =>
    row.condition === condition && [arm, baseline].includes(row.arm)
  );
  const both = [arm, baseline].every((id) => own.some((row) => row.arm === id));
  return both ? contrasts(own, metric, [[arm, baseline]], claim)[0] : undefined;
}

function verdictOf(claim: Claim, { low, high, mean }: Contrast, adjustedP: number): Verdict {
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
