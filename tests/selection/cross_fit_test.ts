import assert from "node:assert/strict";
import { UserError } from "../../lib/errors.ts";
import { createPrng } from "../../lib/random/prng.ts";
import {
  assembleFolds,
  assignFolds,
  heldOutItems,
  trainingItems,
} from "../../lib/selection/cross_fit.ts";

const items = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

Deno.test("folds are balanced, and set by their generator", () => {
  for (const [count, folds] of [[10, 2], [11, 2], [20, 3]] as const) {
    const foldOf = assignFolds(items(count), folds, createPrng(1, "folds"));
    const sizes = items(folds).map((fold) => heldOutItems(foldOf, fold).length);
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `${sizes}`);
    assert.deepEqual(assignFolds(items(count), folds, createPrng(1, "folds")), foldOf);
    assert.notDeepEqual(assignFolds(items(count), folds, createPrng(2, "folds")), foldOf);
  }
});

Deno.test("no item of a group is held out while another is trained on", () => {
  for (let seed = 0; seed < 50; seed++) {
    const prng = createPrng(seed, "groups");
    const groups = Array.from({ length: 30 }, () => prng.integer(8));
    const foldOf = assignFolds(groups, 2, prng);
    for (const fold of [0, 1]) {
      const held = heldOutItems(foldOf, fold);
      const trained = trainingItems(foldOf, fold);
      assert.deepEqual([...held, ...trained].sort((a, b) => a - b), items(30));
      const heldGroups = new Set(held.map((item) => groups[item]));
      assert.ok(held.length > 0 && trained.every((item) => !heldGroups.has(groups[item])));
    }
  }
});

Deno.test("values of the folds go back to their items", () => {
  const foldOf = assignFolds(items(9), 3, createPrng(4, "folds"));
  const byFold = items(3).map((fold) => heldOutItems(foldOf, fold).map((i) => 10 * i));
  assert.deepEqual(assembleFolds(foldOf, byFold), items(9).map((i) => 10 * i));
  assert.throws(() => assembleFolds(foldOf, byFold.slice(0, 2)), RangeError);
  assert.throws(() => assembleFolds(foldOf, [[1], ...byFold.slice(1)]), RangeError);
});

Deno.test("folds that cannot be filled are an error", () => {
  assert.throws(() => assignFolds(items(5), 1, createPrng(0)), UserError);
  assert.throws(() => assignFolds([3, 3, 3], 2, createPrng(0)), UserError);
});
