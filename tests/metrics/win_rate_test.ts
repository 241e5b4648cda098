import assert from "node:assert/strict";
import { lengthControlledWinRate } from "../../lib/metrics/length_controlled.ts";
import { fitLogistic, sigmoid } from "../../lib/statistics/logistic.ts";
import { winRate } from "../../lib/metrics/win_rate.ts";
import { createPrng } from "../../lib/random/prng.ts";

function near(actual: number, expected: number, tolerance = 1e-9) {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`);
}

Deno.test("win rate: all comparisons of a prompt, ties half, prompts weigh the same", () => {
  near(winRate([[1, 2]], [[0, 2]]), (1 + 0 + 1 + 0.5) / 4);
  near(winRate([[1], [1, 1, 1]], [[0], [2]]), 0.5);
  const a = [[0.1, 0.5], [0.7, 0.2]];
  const b = [[0.3, 0.4], [0.2, 0.9]];
  near(winRate(a, b) + winRate(b, a), 1);
  assert.throws(() => winRate([[1]], []), RangeError);
  assert.throws(() => winRate([[]], [[1]]), RangeError);
});

Deno.test("logistic regression: the 2 x 2 table has its closed form", () => {
  // x = 0: 3 of 10 succeed; x = 1: 8 of 10. Intercept = logit .3, slope = logit .8 - logit .3.
  const rows = Array.from({ length: 20 }, (_, i) => [1, i < 10 ? 0 : 1]);
  const targets = rows.map((_, i) => Number(i < 10 ? i < 3 : i < 18));
  const { coefficients } = fitLogistic(rows, targets, { ridge: 0 });
  const logit = (p: number) => Math.log(p / (1 - p));
  near(coefficients[0] as number, logit(0.3), 1e-8);
  near(coefficients[1] as number, logit(0.8) - logit(0.3), 1e-8);
});

Deno.test("logistic regression: the gradient is zero at the fit, separable data stay finite", () => {
  const prng = createPrng(3, "logistic");
  const rows = Array.from({ length: 300 }, () => [1, prng.normal(), prng.normal()]);
  const targets = rows.map(([, a, b]) =>
    Number(prng.uniform() < sigmoid(0.5 + 1.2 * (a as number) - 0.7 * (b as number)))
  );
  const { coefficients } = fitLogistic(rows, targets, { ridge: 0 });
  for (let j = 0; j < 3; j++) {
    const gradient = rows.reduce((sum, row, i) => {
      const logit = row.reduce((total, value, k) => total + value * (coefficients[k] as number), 0);
      return sum + (sigmoid(logit) - (targets[i] as number)) * (row[j] as number);
    }, 0);
    near(gradient, 0, 1e-6);
  }
  const separable = fitLogistic([[1, -1], [1, 1]], [0, 1], { ridge: 1e-3 });
  assert.ok(separable.coefficients.every(Number.isFinite));
});

/** Rewards that depend on quality and, by `perToken`, on length. */
function samples(quality: number, extraTokens: number, perToken: number, seed: number) {
  const prng = createPrng(seed, "samples");
  const lengths = Array.from(
    { length: 60 },
    () => Array.from({ length: 6 }, () => 10 + extraTokens + Math.round(3 * prng.normal())),
  );
  const rewards = lengths.map((row) =>
    row.map((length) => quality + perToken * length + prng.normal())
  );
  return { rewards, lengths };
}

Deno.test("length control: the chance of winning at equal length, where length itself is rewarded", () => {
  const baseline = samples(0, 0, 0.3, 1);
  const better = samples(1, 0, 0.3, 2);
  const longer = samples(0, 4, 0.3, 3);
  // At equal lengths the rewards differ by 1 with noise sqrt 2: Phi(1 / sqrt 2) = 0.760.
  near(lengthControlledWinRate(better, baseline), 0.76, 0.04);
  assert.ok(winRate(longer.rewards, baseline.rewards) > 0.68);
  near(lengthControlledWinRate(longer, baseline), 0.5, 0.07);
});

Deno.test("length control: one length for all is the plain win rate; both sides sum to 1", () => {
  const same = { rewards: [[1, 2], [0, 5]], lengths: [[7, 7], [7, 7]] };
  const other = { rewards: [[0, 2], [3, 4]], lengths: [[7, 7], [7, 7]] };
  near(lengthControlledWinRate(same, other), winRate(same.rewards, other.rewards), 1e-5);
  const a = samples(0.4, 2, 0.2, 4);
  const b = samples(0, 0, 0.2, 5);
  near(lengthControlledWinRate(a, b) + lengthControlledWinRate(b, a), 1, 1e-6);
});
