import assert from "node:assert/strict";
import { UserError } from "../../lib/errors.ts";
import { relabelPairs } from "../../lib/selection/relabel.ts";

const ids = (...values: number[]): Int32Array => Int32Array.from(values);
const pairs = [
  { id: "a", chosenIds: ids(1), rejectedIds: ids(2, 3), flipped: true },
  { id: "b", chosenIds: ids(4), rejectedIds: ids(5), flipped: false },
  { id: "c", chosenIds: ids(6), rejectedIds: ids(7) },
  { id: "d", chosenIds: ids(8), rejectedIds: ids(9), flipped: false },
];

Deno.test("negative margins swap the label, and what is known of its flip", () => {
  const before = structuredClone(pairs);
  const out = relabelPairs(pairs, Float64Array.of(-1, 0, -2, 3));
  assert.deepEqual(out.pairs, [
    { id: "a", chosenIds: ids(2, 3), rejectedIds: ids(1), flipped: false },
    pairs[1],
    { id: "c", chosenIds: ids(7), rejectedIds: ids(6) },
    pairs[3],
  ]);
  assert.deepEqual(out.swapped, [0, 2]);
  assert.deepEqual(pairs, before);
});

Deno.test("relabelling twice by opposite margins gives the pairs back", () => {
  const margins = Float64Array.of(-1, -1, -2, -3);
  const once = relabelPairs(pairs, margins);
  assert.deepEqual(relabelPairs(once.pairs, margins).pairs, pairs);
});

Deno.test("a margin that is missing or NaN is an error", () => {
  assert.throws(() => relabelPairs(pairs, Float64Array.of(1)), RangeError);
  assert.throws(
    () => relabelPairs(pairs, Float64Array.of(1, 1, NaN, 1)),
    (error) => error instanceof UserError && error.message.includes("pair 2 is NaN"),
  );
});
