import { pairedPower } from "../statistics/power.ts";
import type { ClaimResult } from "./judge_claims.ts";

/** Below this chance to see the smallest effect a claim lacks power: what the plan asked for. */
export const ENOUGH_POWER = 0.8;

/** What a claim's seeds were chosen for, and what they could see; see `claimPower`. */
export interface ClaimPower {
  /** SD of the exploratory seeds' differences, in the unit of the smallest effect. */
  readonly plannedSd: number | null;
  /** Power with that SD and the planned number of seeds, in [0, 1]. */
  readonly planned: number | null;
  /** SD of the differences that the verdict rests on. */
  readonly sd: number | null;
  /** Power with that SD and their number. */
  readonly power: number | null;
}

/**
 * Power of a two-sided paired t test at 5 % to see the claim's smallest effect, before Holm's
 * correction: as planned, and with the standard deviation found. Null where nothing was explored or
 * compared, or where differences have no spread.
 */
export function claimPower(
  { claim, contrast }: Pick<ClaimResult, "claim" | "contrast">,
): ClaimPower {
  const { exploratorySd, smallestEffect, seeds } = claim;
  const powerOf = (n: number, sd: number | null) =>
    sd === null ? null : pairedPower(n, sd, smallestEffect);
  const [plannedSd, sd] = [exploratorySd, contrast?.sd].map((each) =>
    each !== undefined && each > 0 ? each : null
  ) as [number | null, number | null];
  return {
    ...{ plannedSd, planned: powerOf(seeds, plannedSd) },
    ...{ sd, power: powerOf(contrast?.n ?? 0, sd) },
  };
}

/** Headings of `powerCells`. */
export const powerColumns = ["SD planned", "SD found", "power planned", "power found"] as const;

/** SDs to three digits and powers in whole percent, never rounded up, as the plan tells them. */
export function powerCells(result: Pick<ClaimResult, "claim" | "contrast">): string[] {
  const { plannedSd, planned, sd, power } = claimPower(result);
  const number = (value: number | null) =>
    value === null ? "-" : String(Number(value.toPrecision(3)));
  const share = (value: number | null) => value === null ? "-" : `${Math.floor(100 * value)} %`;
  return [number(plannedSd), number(sd), share(planned), share(power)];
}

/** The undecided claims whose seeds, with the SD found, would miss the smallest effect too often. */
export function underpowered(results: readonly ClaimResult[]): ClaimResult[] {
  return results.filter((result) =>
    result.verdict === "undecided" && (claimPower(result).power ?? 1) < ENOUGH_POWER
  );
}
