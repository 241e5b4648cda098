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

/** Chance of a t statistic at least as large; 1 where there is none (NaN). */
export function tUpperP(t: number, degreesOfFreedom: number): number {
  if (Number.isNaN(t)) return 1;
  if (!Number.isFinite(t)) return t > 0 ? 0 : 1;
  const tail = Math.min(0.5, studentT.cdf(-Math.abs(t), degreesOfFreedom));
  return t >= 0 ? tail : 1 - tail;
}
