import assert from "node:assert/strict";
import { pearson } from "../../lib/statistics/correlation.ts";
import { holmAdjusted } from "../../lib/statistics/holm.ts";
import { meanWithInterval } from "../../lib/statistics/intervals.ts";
import { equivalenceP, pairedDifference } from "../../lib/statistics/paired_difference.ts";
import { pairedPower, seedsForPower } from "../../lib/statistics/power.ts";
import { tQuantile, tUpperP } from "../../lib/statistics/student_t.ts";

function near(actual: number, expected: number, tolerance = 1e-9) {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
}

Deno.test("t quantiles and p-values agree with the closed forms and printed tables", () => {
  // df 1 is Cauchy: tan(pi (p - 1/2)). df 2: (2p - 1) sqrt(2 / (1 - (2p - 1)^2)).
  near(tQuantile(0.975, 1), Math.tan(Math.PI * 0.475), 1e-6);
  near(tQuantile(0.975, 2), 0.95 * Math.sqrt(2 / (1 - 0.95 ** 2)), 1e-6);
  near(tQuantile(0.975, 4), 2.776445, 1e-5); // any printed table: 2.776
  near(tQuantile(0.975, 9), 2.262157, 1e-5); // 2.262
  near(tUpperP(Math.tan(Math.PI * 0.475), 1), 0.025, 1e-8);
  near(tUpperP(-2.776445, 4), 0.975, 1e-6);
  assert.deepEqual([Infinity, -Infinity, NaN].map((t) => tUpperP(t, 3)), [0, 1, 1]);
});

Deno.test("energy intake of eleven women: the paired t test that R books print", () => {
  // Altman 1991; R: t.test(pre, post, paired = TRUE) on ISwR's `intake`:
  // mean 1320.455, interval 1074.072 to 1566.838, t 11.941, p 3.059e-07.
  const before = [5260, 5470, 5640, 6180, 6390, 6515, 6805, 7515, 7515, 8230, 8770];
  const after = [3910, 4220, 3885, 5160, 5645, 4680, 5265, 5975, 6790, 6900, 7335];
  const difference = pairedDifference(before, after);
  near(difference.mean, 1320.455, 5e-4);
  near(difference.low, 1074.072, 5e-4);
  near(difference.high, 1566.838, 5e-4);
  near(difference.p, 3.059e-7, 5e-11);
  assert.equal(difference.method, "t");
});

Deno.test("one value has no interval; no values and unequal pairs are refused", () => {
  const one = meanWithInterval([3]);
  assert.equal(one.mean, 3);
  assert.ok(Number.isNaN(one.low) && Number.isNaN(one.high));
  assert.throws(() => meanWithInterval([]), RangeError);
  assert.throws(() => pairedDifference([1, 2], [1]), RangeError);
  assert.equal(pairedDifference([1, 1], [1, 1]).p, 1);
  assert.equal(pairedDifference([3], [1]).p, 1);
  assert.equal(equivalenceP([0.1], 1), 1);
});

Deno.test("equal differences are no test, whatever rounding makes of their spread", () => {
  for (
    const [values, baseline] of [
      [[0.75, 0.5, 1], [0.5, 0.25, 0.75]], // steps of 1/4: no spread at all
      [[0.7, 0.9, 0.4], [0.6, 0.8, 0.3]], // 0.1 each: a spread of 1e-17
      [[0.7, 0.9], [0.6, 0.8]],
      [Array(12).fill(0.3), [...Array(11).fill(0.1), 0.1 + 1e-16]], // not skewed, either
    ] as [number[], number[]][]
  ) {
    const { mean, low, high, p, method } = pairedDifference(values, baseline);
    near(mean, (values[0] as number) - (baseline[0] as number), 1e-12);
    assert.deepEqual([low, high, p, method], [NaN, NaN, 1, "t"]);
    assert.equal(equivalenceP(values.map((value, i) => value - (baseline[i] as number)), 9), 1);
  }
  const { low, high, p } = pairedDifference([0.4, 0.6], [0.4, 0.6]);
  assert.deepEqual([low, high, p], [0, 0, 1], "equal values are the same");
  assert.ok(pairedDifference([1, 1.000001], [0, 0]).p < 1e-5, "a small spread is one");
});

Deno.test("equivalence: the larger of two one-sided tests, by hand; without spread it is certain", () => {
  // Mean 0.5, standard error 1 / sqrt(3), 2 degrees of freedom, whose upper tail has a closed form.
  const tail = (t: number) => 0.5 - t / (2 * Math.sqrt(2 + t * t));
  near(equivalenceP([-0.5, 0.5, 1.5], 3), tail((3 - 0.5) * Math.sqrt(3)), 1e-9);
  near(equivalenceP([0.5, -0.5, -1.5], 3), tail((3 - 0.5) * Math.sqrt(3)), 1e-9);
  near(equivalenceP([-0.5, 0.5, 1.5], 0.25), 1 - tail((0.5 - 0.25) * Math.sqrt(3)), 1e-9);
  assert.deepEqual([equivalenceP([0, 0], 1), equivalenceP([2, 2], 1)], [0, 1]);
  assert.equal(equivalenceP([1, 1], 1), 1, "on the bound");
  assert.throws(() => equivalenceP([1, 2], 0), RangeError);
  assert.throws(() => equivalenceP([], 1), RangeError);
});

Deno.test("seeds for 80 % power are those of R's power.t.test and of G*Power", () => {
  // R: power.t.test(delta = d, sd = 1, power = .8, type = "paired"): n = 198.15, 33.37, 14.30, 9.94.
  assert.deepEqual([0.2, 0.5, 0.8, 1].map((d) => seedsForPower(1, d)), [199, 34, 15, 10]);
  assert.equal(seedsForPower(1, 0.5, { power: 0.95 }), 54); // G*Power's manual: 54
  assert.equal(seedsForPower(0.3, -0.15), 34, "the unit and the sign do not matter");
  assert.equal(seedsForPower(0, 0.1), 2);
  assert.ok(seedsForPower(1, 0.5, { alpha: 0.05 / 24 }) > 34);
  assert.ok(pairedPower(34, 1, 0.5) >= 0.8 && pairedPower(33, 1, 0.5) < 0.8);
  near(pairedPower(20, 1, 0), 0.05, 1e-7); // without an effect: the level
  for (const [sd, effect] of [[1, 0], [-1, 1], [NaN, 1], [1, NaN]] as [number, number][]) {
    assert.throws(() => seedsForPower(sd, effect), RangeError);
  }
  assert.throws(() => seedsForPower(1, 1, { power: 1 }), RangeError);
  assert.throws(() => pairedPower(1, 1, 1), RangeError);
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
