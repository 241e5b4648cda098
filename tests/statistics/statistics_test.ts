import assert from "node:assert/strict";
import { pearson } from "../../lib/statistics/correlation.ts";
import { holmAdjusted } from "../../lib/statistics/holm.ts";
import { meanWithInterval, pairedDifference } from "../../lib/statistics/intervals.ts";
import { tQuantile, tTwoSidedP } from "../../lib/statistics/student_t.ts";

function near(actual: number, expected: number, tolerance = 1e-9) {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
}

Deno.test("t quantiles and p-values agree with the closed forms and printed tables", () => {
  // df 1 is Cauchy: tan(pi (p - 1/2)). df 2: (2p - 1) sqrt(2 / (1 - (2p - 1)^2)).
  near(tQuantile(0.975, 1), Math.tan(Math.PI * 0.475), 1e-6);
  near(tQuantile(0.975, 2), 0.95 * Math.sqrt(2 / (1 - 0.95 ** 2)), 1e-6);
  near(tQuantile(0.975, 4), 2.776445, 1e-5); // any printed table: 2.776
  near(tQuantile(0.975, 9), 2.262157, 1e-5); // 2.262
  near(tTwoSidedP(Math.tan(Math.PI * 0.475), 1), 0.05, 1e-8);
  near(tTwoSidedP(-2.776445, 4), 0.05, 1e-6);
  assert.equal(tTwoSidedP(Infinity, 3), 0);
});

Deno.test("Student's sleep data: the paired t test R documents", () => {
  // R: t.test(extra[group == 1], extra[group == 2], paired = TRUE):
  // mean -1.58, interval -2.4598858 to -0.7001142, p 0.002833.
  const drug1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
  const drug2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
  const difference = pairedDifference(drug1, drug2);
  near(difference.mean, -1.58);
  near(difference.low, -2.4598858, 1e-6);
  near(difference.high, -0.7001142, 1e-6);
  near(difference.p, 0.002833, 1e-6);
});

Deno.test("one value has no interval; no values and unequal pairs are refused", () => {
  const one = meanWithInterval([3]);
  assert.equal(one.mean, 3);
  assert.ok(Number.isNaN(one.low) && Number.isNaN(one.high));
  assert.throws(() => meanWithInterval([]), RangeError);
  assert.throws(() => pairedDifference([1, 2], [1]), RangeError);
  assert.equal(pairedDifference([1, 1], [1, 1]).p, 1);
});

Deno.test("Holm's p-values, worked by hand", () => {
  // Sorted .005 .01 .03 .04 times 4 3 2 1 = .02 .03 .06 .04, then made non-decreasing.
  holmAdjusted([0.01, 0.04, 0.03, 0.005]).forEach((value, i) =>
    near(value, [0.03, 0.06, 0.06, 0.02][i] as number)
  );
  assert.deepEqual(holmAdjusted([0.9, 0.8]), [1, 1]);
  assert.deepEqual(holmAdjusted([]), []);
});

Deno.test("Pearson: Anscombe's first set, and no variation", () => {
  const x = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5];
  const y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
  near(pearson(x, y), 0.8164205163448399, 1e-12); // published as 0.816
  assert.ok(Number.isNaN(pearson([1, 1, 1], [1, 2, 3])));
  assert.throws(() => pearson([1], [1, 2]), RangeError);
});
