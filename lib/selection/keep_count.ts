import { UserError } from "../errors.ts";
import { roundShare } from "../round_share.ts";
import type { Keep } from "./selection_rule.ts";

/**
 * How many of `total` items to keep: the share, rounded, at least 1; or the count, at most `total`.
 * None of none.
 */
export function keepCount(keep: Keep, total: number): number {
  checkKeep(keep);
  if (typeof keep !== "number") return Math.min(total, keep.count);
  return Math.min(total, Math.max(1, roundShare(keep, total)));
}

/** @throws {UserError} on a share outside (0, 1] or a count that is not a whole number above 0 */
export function checkKeep(keep: Keep): void {
  if (typeof keep !== "object" || keep === null) {
    if (typeof keep === "number" && keep > 0 && keep <= 1) return;
    throw new UserError(`the share to keep is ${keep}; it must be above 0 and at most 1`);
  }
  if (Number.isInteger(keep.count) && keep.count >= 1) return;
  throw new UserError(
    `the number to keep is ${keep.count}; it must be a whole number above 0`,
  );
}
