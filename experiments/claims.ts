import type { Claim } from "../lib/study/claim.ts";

/** What a claim on gold reward leaves open. */
export type GoldClaim =
  & Pick<Claim, "id" | "text" | "condition" | "arm" | "baseline" | "seeds">
  & Partial<Claim>;

/**
 * A claim on gold reward: higher unless told otherwise. Less than 0.1, an eighth of the standard
 * deviation of one response's gold reward, does not matter.
 */
export function goldClaim(claim: GoldClaim): Claim {
  return { metric: "gold", direction: "higher", smallestEffect: 0.1, ...claim };
}
