import jstat from "jstat";
import { tQuantile } from "./student_t.ts";

interface NoncentralT {
  cdf(t: number, degreesOfFreedom: number, noncentrality: number): number;
}
const noncentralT = jstat.noncentralt as NoncentralT; // the package ships no types

/** Level and power of a test. */
export interface PowerOptions {
  /** Chance to see the effect where it is there. Default 0.8. */
  readonly power?: number;
  /** Two-sided level. Default 0.05. */
  readonly alpha?: number;
}

/**
 * Chance that a two-sided paired t test of n pairs rejects where differences have this mean and
 * standard deviation: by the noncentral t distribution.
 *
 * @throws RangeError for fewer than two pairs, or a standard deviation that is not above 0
 */
export function pairedPower(n: number, sd: number, effect: number, alpha = 0.05): number {
  if (!(n >= 2) || !(sd > 0)) throw new RangeError(`no power of ${n} pairs with SD ${sd}`);
  const critical = tQuantile(1 - alpha / 2, n - 1);
  const shift = Math.sqrt(n) * Math.abs(effect) / sd;
  return 1 - noncentralT.cdf(critical, n - 1, shift) + noncentralT.cdf(-critical, n - 1, shift);
}

/**
 * The fewest seeds with which a two-sided paired t test sees an effect as often as `power` says.
 *
 * @param sd standard deviation of the paired differences
 * @param effect their mean, in the same unit
 * @throws RangeError for a standard deviation below 0, an effect of 0, or shares outside (0, 1)
 */
export function seedsForPower(
  sd: number,
  effect: number,
  { power = 0.8, alpha = 0.05 }: PowerOptions = {},
): number {
  const isShare = (value: number) => value > 0 && value < 1;
  if (!(sd >= 0) || !(Math.abs(effect) > 0) || !isShare(power) || !isShare(alpha)) {
    throw new RangeError(
      `no number of seeds for SD ${sd}, effect ${effect}, power ${power}, level ${alpha}`,
    );
  }
  if (sd === 0) return 2;
  // The t test needs more than a test whose standard deviation is known.
  const known = (jstat.normal.inv(1 - alpha / 2, 0, 1) + jstat.normal.inv(power, 0, 1)) * sd /
    effect;
  let n = Math.max(2, Math.floor(known ** 2));
  while (pairedPower(n, sd, effect, alpha) < power) n++;
  return n;
}
