import assert from "node:assert/strict";
import { createPrng } from "../../lib/random/prng.ts";
import { bootstrapT, RESAMPLES } from "../../lib/statistics/bootstrap_t.ts";
import { meanWithInterval } from "../../lib/statistics/intervals.ts";
import { equivalenceP, pairedDifference } from "../../lib/statistics/paired_difference.ts";

/** Nine seeds alike and one that collapsed. */
const skewed = [0.2, 0.25, 0.15, 0.22, 0.3, 0.18, 0.24, 0.21, 0.26, -0.9];
const zeros = (values: readonly number[]) => values.map(() => 0);
const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);

Deno.test("interval and p-values of a fixed sample, from the definition, resample by resample", () => {
  const n = skewed.length;
  const mean = skewed.reduce((a, b) => a + b, 0) / n;
  const error = (values: readonly number[], center: number) =>
    Math.sqrt(values.reduce((sum, x) => sum + (x - center) ** 2, 0) / (n - 1) / n);
  const prng = createPrng(0, "bootstrap-t", n);
  const statistics = Array.from({ length: 9999 }, () => {
    const drawn = Array.from({ length: n }, () => {
      return skewed[Math.floor(prng.seed32() / 2 ** 32 * n)] as number;
    });
    const center = drawn.reduce((a, b) => a + b, 0) / n;
    return (center - mean) / error(drawn, center);
  }).sort((a, b) => a - b);
  const se = error(skewed, mean);
  const found = pairedDifference(skewed, zeros(skewed));
  assert.equal(found.method, "bootstrap-t");
  // 2.5 % of 10,000 is 250: the 250th smallest and the 250th largest.
  near(found.low, mean - (statistics[9749] as number) * se);
  near(found.high, mean - (statistics[249] as number) * se);
  const upper = (1 + statistics.filter((t) => t >= mean / se).length) / 10_000;
  const lower = (1 + statistics.filter((t) => t <= mean / se).length) / 10_000;
  near(found.p, 2 * Math.min(upper, lower));
  const above = (1 + statistics.filter((t) => t >= (mean + 0.5) / se).length) / 10_000;
  const below = (1 + statistics.filter((t) => t <= (mean - 0.5) / se).length) / 10_000;
  near(equivalenceP(skewed, 0.5), Math.max(above, below));
});

Deno.test("the rule: skewness beyond 1 of at least 8 differences, and resamples that have a spread", () => {
  const method = (values: readonly number[]) => pairedDifference(values, zeros(values)).method;
  assert.equal(method(skewed), "bootstrap-t");
  assert.equal(method(skewed.slice(3)), "t", "seven");
  assert.equal(method([-0.9, -0.3, -0.1, 0, 0.1, 0.2, 0.4, 0.9]), "t", "not skewed");
  // A third of the resamples hold zeros alone: no finite interval comes from them.
  const one = [0, 0, 0, 0, 0, 0, 0, 1];
  assert.equal(bootstrapT(one), undefined);
  // The same shape where squares are rounded: a residue is no spread.
  for (const [same, other] of [[0.1, 5], [-0.025, -0.1], [0.3, -0.7]] as const) {
    assert.equal(bootstrapT([...Array(7).fill(same), other]), undefined, `${same}, ${other}`);
  }
  assert.equal(method(one), "t");
});

Deno.test("turned signs turn the interval; repeated, it is the same; quantiles are of the resamples", () => {
  const found = pairedDifference(skewed, zeros(skewed));
  const turned = pairedDifference(zeros(skewed), skewed);
  near(turned.low, -found.high);
  near(turned.high, -found.low);
  near(turned.p, found.p);
  assert.deepEqual(pairedDifference(skewed, zeros(skewed)), found);
  const half = bootstrapT(skewed)?.quantile(0.5) ?? NaN;
  near(bootstrapT(skewed)?.lower(half) ?? NaN, (1 + (RESAMPLES + 1) / 2) / (RESAMPLES + 1));
});

Deno.test("coverage of a skewed distribution's mean: bootstrap-t is closer to 95 % than t", () => {
  const prng = createPrng(0, "coverage");
  const trials = 1500;
  const n = 12;
  const truth = Math.exp(0.5); // mean of the log-normal distribution
  let [byT, byBootstrap] = [0, 0];
  for (let trial = 0; trial < trials; trial++) {
    const values = Array.from({ length: n }, () => Math.exp(prng.normal()));
    const { mean, sd, low, high } = meanWithInterval(values);
    if (low <= truth && truth <= high) byT++;
    const resampled = bootstrapT(values, 999);
    assert.ok(resampled !== undefined);
    const se = sd / Math.sqrt(n);
    if (
      mean - resampled.quantile(0.975) * se <= truth &&
      truth <= mean - resampled.quantile(0.025) * se
    ) byBootstrap++;
  }
  const [t, bootstrap] = [byT / trials, byBootstrap / trials];
  assert.ok(t < 0.88, `t covers ${t}`);
  assert.ok(bootstrap > 0.9 && bootstrap < 0.97, `bootstrap-t covers ${bootstrap}, t ${t}`);
});
