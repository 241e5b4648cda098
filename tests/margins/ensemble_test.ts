import assert from "node:assert/strict";
import { UserError } from "../../lib/errors.ts";
import {
  defaultEnsemble,
  type EnsembleConfig,
  ensembleRewards,
  ensembleWeightings,
  ensembleWeights,
} from "../../lib/margins/ensemble.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { assertClose } from "../losses/loss_cases.ts";

const config = (change: Partial<EnsembleConfig>): EnsembleConfig => ({
  ...defaultEnsemble,
  ...change,
});

function assertWeights(actual: readonly number[], expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  expected.forEach((weight, i) => assertClose(actual[i], weight, 1e-15, `weight ${i}`));
}

/** Rewards of past policies, newest first. */
function randomHistory(policies: number, count: number): Float64Array[] {
  const prng = createPrng(2, "history");
  return Array.from(
    { length: policies },
    () => Float64Array.from({ length: count }, () => prng.normal()),
  );
}

Deno.test("the defaults are the paper's window and gamma", () => {
  assert.deepEqual(defaultEnsemble, { weighting: "ema", gamma: 0.3, window: 3 });
});

Deno.test("weights by hand", () => {
  // (1 - 0.3), 0.3 (1 - 0.3), 0.3^2
  assertWeights(ensembleWeights(3), [0.7, 0.21, 0.09]);
  assertWeights(ensembleWeights(9), [0.7, 0.21, 0.09]);
  assertWeights(ensembleWeights(2), [0.7, 0.3]);
  assertWeights(ensembleWeights(4, config({ window: 4, gamma: 0.5 })), [0.5, 0.25, 0.125, 0.125]);
  assertWeights(ensembleWeights(3, config({ weighting: "two-term" })), [0.7, 0.3]);
  assertWeights(ensembleWeights(3, config({ weighting: "uniform" })), [1 / 3, 1 / 3, 1 / 3]);
  assertWeights(ensembleWeights(2, config({ weighting: "uniform" })), [0.5, 0.5]);
  assertWeights(ensembleWeights(3, config({ gamma: 1 })), [0, 0, 1]);
});

Deno.test("at t = 2 there is one policy, and at gamma 0 only the newest counts", () => {
  for (const weighting of ensembleWeightings) {
    for (const gamma of [0, 0.3, 0.9, 1]) {
      assert.deepEqual(ensembleWeights(1, config({ weighting, gamma })), [1]);
      assert.deepEqual(ensembleWeights(5, config({ weighting, gamma, window: 1 })), [1]);
    }
    assert.deepEqual(ensembleWeights(3, config({ weighting, gamma: 0 })), [1]);
  }
});

Deno.test("weights sum to 1", () => {
  for (const weighting of ensembleWeightings) {
    for (const gamma of [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1]) {
      for (let policies = 1; policies <= 6; policies++) {
        for (let window = 1; window <= 6; window++) {
          const weights = ensembleWeights(policies, { weighting, gamma, window });
          assertClose(weights.reduce((a, b) => a + b), 1, 1e-15, "sum");
        }
      }
    }
  }
});

Deno.test("ema over a window of all policies is the recursion", () => {
  const history = randomHistory(6, 10);
  for (const gamma of [0.1, 0.3, 0.9]) {
    // r~_2 = r_1; r~_t = (1 - gamma) r_{t-1} + gamma r~_{t-1}
    const oldestFirst = history.toReversed();
    let expected = oldestFirst[0] as Float64Array;
    oldestFirst.slice(1).forEach((rewards, i) => {
      expected = rewards.map((reward, j) => (1 - gamma) * reward + gamma * (expected[j] as number));
      const past = oldestFirst.slice(0, i + 2).toReversed();
      const weights = ensembleWeights(past.length, config({ gamma, window: 6 }));
      ensembleRewards(past, weights).forEach((reward, j) =>
        assertClose(reward, expected[j] as number, 1e-14, `reward ${j} of ${past.length} policies`)
      );
    });
  }
});

Deno.test("gamma 0 is bit for bit the newest policy's reward", () => {
  const history = randomHistory(3, 1000);
  (history[0] as Float64Array)[0] = -0;
  for (const weighting of ensembleWeightings) {
    const rewards = ensembleRewards(history, ensembleWeights(3, config({ weighting, gamma: 0 })));
    assert.deepEqual(new Uint8Array(rewards.buffer), new Uint8Array(history[0]!.buffer));
    assert.notEqual(rewards, history[0]);
  }
});

Deno.test("ensemble rewards are the weighted sum, newest first", () => {
  const history = [[1, 2], [10, 20], [100, 200]].map((values) => Float64Array.from(values));
  assert.deepEqual(ensembleRewards(history, [0.5, 0.25, 0.25]), Float64Array.of(28, 56));
  assert.deepEqual(ensembleRewards(history, [0.5, 0.5]), Float64Array.of(5.5, 11));
});

Deno.test("what cannot be weighted is named", () => {
  for (const gamma of [-0.1, 1.1, NaN]) {
    assert.throws(() => ensembleWeights(3, config({ gamma })), UserError);
  }
  for (const window of [0, 1.5, NaN]) {
    assert.throws(() => ensembleWeights(3, config({ window })), UserError);
  }
  assert.throws(() => ensembleWeights(0), RangeError);
  assert.throws(() => ensembleWeights(3, config({ weighting: "mean" as "ema" })), /"mean"/);
  assert.throws(() => ensembleRewards([Float64Array.of(1)], [0.5, 0.5]), RangeError);
  assert.throws(() => ensembleRewards([], []), RangeError);
  assert.throws(
    () => ensembleRewards([Float64Array.of(1), Float64Array.of(1, 2)], [0.5, 0.5]),
    /policy 1 has 2 rewards/,
  );
  assert.throws(
    () => ensembleRewards([Float64Array.of(1, 2), Float64Array.of(1, NaN)], [0.5, 0.5]),
    (error) => error instanceof UserError && /completion 1 under past policy 1/.test(error.message),
  );
});
