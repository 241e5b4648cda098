import jstat from "jstat";

interface StudentT {
  inv(p: number, degreesOfFreedom: number): number;
  cdf(t: number, degreesOfFreedom: number): number;
}
const studentT = jstat.studentt as StudentT; // the package ships no types

/** Quantile of Student's t distribution. */
export function tQuantile(p: number, degreesOfFreedom: number): number {
  return studentT.inv(p, degreesOfFreedom);
}

/** Two-sided p-value of a t statistic. */
export function tTwoSidedP(t: number, degreesOfFreedom: number): number {
  if (!Number.isFinite(t)) return Number.isNaN(t) ? 1 : 0;
  return Math.min(1, 2 * studentT.cdf(-Math.abs(t), degreesOfFreedom));
}
