import { holmAdjusted } from "../statistics/holm.ts";
import { equivalenceP } from "../statistics/paired_difference.ts";
import type { Claim } from "./claim.ts";
import { type Contrast, contrasts, type RowSource } from "./contrasts.ts";
import type { StudyRow } from "./rows.ts";

/** How a claim fares; see `judgeClaims`. */
export type Verdict = "supported" | "negligible" | "reversed" | "undecided";

/** What the records say about a claim. */
export interface ClaimResult {
  /** What was claimed. */
  readonly claim: Claim;
  /** How it fares. */
  readonly verdict: Verdict;
  /** On the seeds of the claim's plan; undefined where fewer than two of them are there. */
  readonly contrast?: Contrast;
  /** p-value of a difference after Holm's correction over the family; 1 without a contrast. */
  readonly adjustedP: number;
  /** The same of the two one-sided tests that the difference is within the smallest effect. */
  readonly adjustedEquivalenceP: number;
}

/** Claims with the rows, or the opened study, that they are judged from. */
export interface JudgedClaims {
  /** Counted in the family, whether their cells have rows or not. */
  readonly claims: readonly Claim[];
  /** What they are judged from. */
  readonly rows: RowSource;
}

/** A p-value below this decides. */
const LEVEL = 0.05;

/**
 * Verdicts on claims, from the contrasts of their rows. A claim of an opened study is judged on the
 * seeds of its plan alone, `seeds` of them from the study's first, whatever else was run: who looks
 * at more seeds than planned could stop where it suits. Holm's correction runs over these claims and
 * the rest of their family: once over the p-values of a difference, once over those of equivalence.
 *
 * | verdict      | "higher" or "lower"                              | "same"                        |
 * | ------------ | ------------------------------------------------ | ----------------------------- |
 * | `negligible` | within the smallest effect, p < 0.05             |                               |
 * | `supported`  | else a difference the claimed way, p < 0.05      | within the effect, p < 0.05   |
 * | `reversed`   | else a difference the other way, p < 0.05        | else a difference, p < 0.05, whose mean is beyond the effect |
 * | `undecided`  | else                                             | else                          |
 *
 * So a difference that is there, and shown to be too small to matter, is negligible.
 */
export function judgeClaims(
  claims: readonly Claim[],
  rows: RowSource,
  family: readonly JudgedClaims[] = [],
): ClaimResult[] {
  const found = [{ claims, rows }, ...family].flatMap((each) =>
    each.claims.map((claim) => ({ claim, contrast: contrastOf(claim, each.rows) }))
  );
  const adjusted = holmAdjusted(found.map(({ contrast }) => contrast?.p ?? 1));
  const equivalence = holmAdjusted(
    found.map(({ claim: { smallestEffect }, contrast }) =>
      contrast === undefined
        ? 1
        : equivalenceP(contrast.pairs.map(({ difference }) => difference), smallestEffect)
    ),
  );
  return found.slice(0, claims.length).map(({ claim, contrast }, i) => {
    const adjustedP = adjusted[i] as number;
    const adjustedEquivalenceP = equivalence[i] as number;
    const shared = { claim, adjustedP, adjustedEquivalenceP };
    if (contrast === undefined) return { ...shared, verdict: "undecided" };
    const differs = adjustedP < LEVEL;
    const within = adjustedEquivalenceP < LEVEL;
    return { ...shared, contrast, verdict: verdictOf(claim, contrast.mean, differs, within) };
  });
}

function contrastOf(claim: Claim, source: RowSource): Contrast | undefined {
  const { condition, metric, arm, baseline, seeds } = claim;
  const opened = "study" in source;
  const end = opened ? (source.study.firstSeed ?? 0) + seeds : Infinity;
  const own = (opened ? source.rows : source).filter((row: StudyRow) =>
    row.condition === condition && [arm, baseline].includes(row.arm) && row.seed < end
  );
  const both = [arm, baseline].every((id) => own.some((row) => row.arm === id));
  const rows = opened ? { study: source.study, rows: own } : own;
  return both ? contrasts(rows, metric, [[arm, baseline]], claim)[0] : undefined;
}

function verdictOf(claim: Claim, mean: number, differs: boolean, within: boolean): Verdict {
  if (claim.direction === "same") {
    if (within) return "supported";
    return differs && Math.abs(mean) > claim.smallestEffect ? "reversed" : "undecided";
  }
  if (within) return "negligible";
  if (!differs) return "undecided";
  return (mean > 0) === (claim.direction === "higher") ? "supported" : "reversed";
}
