import { UserError } from "../errors.ts";
import type { Keep } from "./selection_rule.ts";

/**
 * How many of `total` items to keep: round(fraction * total), at least 1; or the count, at most
 * `total`. None of none.
 *
 * @throws {UserError} on a fraction outside (0, 1] or a count that is not a whole number above 0
 */
export function keepCount(keep: Keep, total: number): number {
  if ("fraction" in keep) {
    if (!(keep.fraction > 0 && keep.fraction <= 1)) {
      throw new UserError(`the fraction to keep is ${keep.fraction}; it must be in (0, 1]`);
    }
    return Math.min(total, Math.max(1, Math.round(keep.fraction * total)));
  }
  if (!(Number.isInteger(keep.count) && keep.count >= 1)) {
    throw new UserError(`the number to keep is ${keep.count}; it must be a whole number above 0`);
  }
  return Math.min(total, keep.count);
}
