import assert from "node:assert/strict";
import { RateEstimator } from "../../lib/progress/rate_estimator.ts";

/** Feeds advances of [items, seconds] and returns the estimate. */
function estimate(...advances: [number, number][]): number | undefined {
  const estimator = new RateEstimator(50);
  let now = 50;
  for (const [items, seconds] of advances) estimator.add(items, now += seconds);
  return estimator.secondsPerItem();
}

const close = (actual: number | undefined, expected: number) =>
  assert.ok(Math.abs((actual ?? NaN) - expected) < 1e-9, `${actual} is not ${expected}`);

Deno.test("the rate is the mean of the advances, weighted by items", () => {
  assert.equal(estimate(), undefined);
  close(estimate([1, 3]), 3);
  close(estimate([8, 4], [2, 6]), 1);
});

Deno.test("old advances are forgotten", () => {
  close(
    estimate(
      ...Array<[number, number]>(30).fill([1, 9]),
      ...Array<[number, number]>(20).fill([1, 2]),
    ),
    2,
  );
});

Deno.test("one long pause does not spoil the estimate", () => {
  const steady = Array<[number, number]>(10).fill([1, 1]);
  const paused = estimate(...steady, [1, 3600]) ?? NaN;
  assert.ok(paused < 2, `a pause of an hour gave ${paused} s an item`);
});

Deno.test("no items and no time change nothing and break nothing", () => {
  close(estimate([1, 2], [0, 100]), 2);
  assert.equal(estimate([5, 0]), 0);
});
