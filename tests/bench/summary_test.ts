/** The benchmark's arithmetic; nothing here measures time. */
import assert from "node:assert/strict";
import { compareValues } from "../../tools/bench/agreement.ts";
import { benchCases, CASE_IDS, decoder } from "../../tools/bench/cases.ts";
import {
  forwardOperations,
  generationPass,
  keysSeen,
  pairPass,
} from "../../tools/bench/operations.ts";
import { productSize, tally } from "../../tools/bench/profile.ts";
import { summarise } from "../../tools/bench/summary.ts";
import { summaryTable } from "../../tools/bench/table.ts";

const [firstCase] = benchCases(false);
const item = { ...firstCase!, count: 64, goal: 0.8 };

function measurement(ours: number[], pytorch: number[]) {
  return {
    id: "a",
    ours,
    pytorch,
    oursPeak: 300 * 2 ** 20,
    pytorchPeak: 600 * 2 ** 20,
    agreement: { agrees: true, values: 3, largest: 1e-6 },
    versions: {},
  };
}

Deno.test("ratios pair the turns of both sides; medians are of each", () => {
  const summary = summarise(item, measurement([1, 4, 2], [2, 2, 8]));
  // Pairs: 0.5, 2, 0.25.
  assert.deepEqual([summary.ratio, summary.least, summary.most], [0.5, 0.25, 2]);
  assert.deepEqual([summary.ours, summary.pytorch], [2, 2]);
  assert.deepEqual([summary.oursRate, summary.pytorchRate], [32, 32]);
  assert.deepEqual([summary.oursMiB, summary.pytorchMiB, summary.memoryRatio], [300, 600, 0.5]);
  assert.equal(summary.met, true);
});

Deno.test("a ratio above the goal is a missed goal, and the table says so", () => {
  const numbers = measurement([1], [1]);
  const summary = summarise(item, numbers);
  assert.equal(summary.met, false);
  const conditions = { loadAverage: [0], threads: 2 } as never;
  const row = { ...(conditions as object), summary, measurement: numbers } as never;
  assert.match(
    summaryTable({ cases: [row], scaling: null }),
    /1\.00 \(1\.00-1\.00\) \| 0\.8 missed/,
  );
});

Deno.test("a side without its turns is no result", () => {
  assert.throws(() => summarise(item, measurement([1, 2], [1])), RangeError);
  assert.throws(() => summarise(item, measurement([], [])), RangeError);
});

Deno.test("sides agree within a thousandth, relative above one", () => {
  assert.equal(compareValues([100, 0], [100.05, 0.0005], false).agrees, true);
  assert.equal(compareValues([100, 0], [100.2, 0], false).agrees, false);
  assert.equal(compareValues([0.1], [0.102], false).agrees, false);
});

Deno.test("what cannot be compared does not agree", () => {
  for (const [a, b] of [[[], []], [[1], [1, 1]], [[NaN], [NaN]], [[1, NaN, 1], [1, 1, 1]]]) {
    assert.equal(compareValues(a!, b!, false).agrees, false);
  }
});

Deno.test("token ids agree only when all are the same", () => {
  assert.deepEqual(compareValues([5, 6, 7, 8], [5, 6, 7, 9], true), {
    agrees: false,
    values: 4,
    largest: 0.25,
  });
  assert.equal(compareValues([5, 6], [5, 6], true).agrees, true);
});

Deno.test("every case has its own letter and SmolLM2's are smaller with quick", () => {
  const [full, quick] = [benchCases(false), benchCases(true)];
  assert.deepEqual(full.map(({ id }) => id), [...CASE_IDS]);
  for (const id of ["d", "e", "f"]) {
    const count = (cases: typeof full) => cases.find((entry) => entry.id === id)!.count;
    assert.ok(count(quick) < count(full), id);
  }
});

Deno.test("operations are counted by hand for one layer", () => {
  const config = { ...decoder(16, 1, 8, 10), heads: 1, kvHeads: 1, headDim: 16 };
  // qkv 16x48, out 16x16, feed-forward 3 x 16x48, two keys of width 16 twice, logits 10x16.
  const expected = 16 * 48 + 16 * 16 + 3 * 16 * 48 + 2 * 2 * 16 + 10 * 16;
  assert.equal(forwardOperations(config, { rows: 1, keys: 2, logitRows: 1 }), expected);
});

Deno.test("keys seen are counted token by token", () => {
  let keys = 0;
  for (let i = 0; i < 5; i++) keys += 3 + i + 1;
  assert.equal(keysSeen(3, 5), keys);
  assert.deepEqual(pairPass(2, 4, 5), {
    rows: 2 * (3 + 10),
    keys: 2 * (keysSeen(0, 3) + 2 * keysSeen(3, 5)),
    logitRows: 20,
  });
  assert.deepEqual(generationPass(2, 4, 3, 5), {
    rows: 2 * 3 + 30,
    keys: 2 * (keysSeen(0, 3) + 3 * keysSeen(3, 5)),
    logitRows: 30,
  });
});

Deno.test("products are tallied by name and sized from it", () => {
  const table = new Map();
  tally(table, "2 x 3 x 4 a'", 0.5);
  tally(table, "2 x 3 x 4 a'", 0.25);
  assert.deepEqual(table.get("2 x 3 x 4 a'"), { calls: 2, seconds: 0.75 });
  assert.equal(productSize("2 x 3 x 4 a'"), 24);
});
