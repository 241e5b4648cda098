import assert from "node:assert/strict";
import { engine } from "../../lib/engine/tensorflow.ts";
import { packedRows } from "../../lib/policy/packing.ts";
import { AdamW, DEFAULT_ADAMW } from "../../lib/training/adamw.ts";
import { microBatches, updateStep } from "../../lib/training/update.ts";
import { assertAllClose, assertClose } from "../parity/assert_close.ts";
import { fullModel, loraModel, randomGroups } from "../policy/random_model.ts";

const groups = randomGroups([
  { prompt: 3, completions: [4, 2] },
  { prompt: 1, completions: [1, 1] },
  { prompt: 20, completions: [7, 9] },
  { prompt: 2, completions: [3, 5] },
  { prompt: 5, completions: [2, 2] },
]);

Deno.test("passes keep the order, hold every group once and stay within the limit", () => {
  for (const maxRows of [1, 8, 12, 40, 4096, Infinity]) {
    const ranges = microBatches(groups, maxRows);
    assert.deepEqual(
      ranges.flatMap(([first, end]) => Array.from({ length: end - first }, (_, i) => first + i)),
      groups.map((_, i) => i),
    );
    for (const [first, end] of ranges) {
      const rows = groups.slice(first, end).reduce((sum, group) => sum + packedRows(group), 0);
      assert.ok(rows <= maxRows || end - first === 1, `${rows} rows in a pass of ${maxRows}`);
    }
  }
  assert.deepEqual(microBatches(groups, 12), [[0, 2], [2, 3], [3, 4], [4, 5]]);
  assert.deepEqual(microBatches(groups, Infinity), [[0, 5]]);
  assert.deepEqual(microBatches([], 10), []);
  // Rows are 8, 2, 35, 9 and 8: two in a row that stay together count as one.
  const [, ...even] = groups;
  assert.deepEqual(microBatches(even, 8, 2), [[0, 2], [2, 4]]);
  assert.deepEqual(microBatches(even, 53, 2), [[0, 2], [2, 4]]);
  assert.deepEqual(microBatches(even, 54, 2), [[0, 4]]);
});

/** One step; a smooth optimiser, so that rounding in a gradient stays rounding in the step. */
async function stepped(
  make: typeof fullModel | typeof loraModel,
  options: { maxRows: number; dropoutSeed?: number; dropout?: number },
) {
  const model = make === loraModel
    ? await loraModel({ dropout: options.dropout ?? 0 })
    : await fullModel();
  const optimiser = new AdamW(model, { ...DEFAULT_ADAMW, epsilon: 1, maxGradNorm: 0.7 });
  const seen: number[] = [];
  const norm = await updateStep(model, optimiser, groups, 0.1, (logps, first, end) => {
    assert.equal(logps.length, 2 * (end - first));
    seen.push(...logps);
    // A loss that needs its own group's values: the square of the pair's difference.
    return logps.map((_, i) => {
      const difference = logps[i - i % 2]! - logps[i - i % 2 + 1]!;
      return (i % 2 === 0 ? 2 : -2) * difference / groups.length;
    });
  }, options);
  const weights = await model.snapshot();
  optimiser.dispose();
  model.dispose();
  return { norm, weights, seen };
}

for (const make of [fullModel, loraModel]) {
  Deno.test(`${make.name}: one pass and many passes take the same step`, async () => {
    const whole = await stepped(make, { maxRows: 4096 });
    for (const maxRows of [1, 12, 40]) {
      const split = await stepped(make, { maxRows });
      assertAllClose(split.seen, whole.seen, 1e-5, `log-probabilities, ${maxRows} rows`);
      assertClose(split.norm / whole.norm, 1, 1e-4, `norm, ${maxRows} rows`);
      for (const [name, { data }] of whole.weights) {
        assertAllClose(split.weights.get(name)!.data, data, 0, `${name}, ${maxRows} rows`, 1e-5);
      }
    }
  });
}

Deno.test("dropout draws by step seed and by pass: equal for equal splits, never repeated", async () => {
  const at = (dropoutSeed: number, maxRows: number) =>
    stepped(loraModel, { maxRows, dropoutSeed, dropout: 0.3 });
  const first = await at(5, 1);
  assert.deepEqual(await at(5, 1), first);
  assert.notDeepEqual((await at(6, 1)).seen, first.seen);
  // Each pass has masks of its own: another split gives another, equally good, draw.
  const other = await at(5, 4096);
  assert.notDeepEqual(other.seen, first.seen);
  assert.deepEqual(await at(5, Infinity), other);
});

Deno.test("an update without groups is refused, and updates leave no tensor behind", async () => {
  const { tf } = engine();
  const model = await fullModel();
  const optimiser = new AdamW(model, DEFAULT_ADAMW);
  await assert.rejects(
    updateStep(model, optimiser, [], 0.1, (logps) => logps, { maxRows: 10 }),
    /at least one group/,
  );
  const once = () =>
    updateStep(model, optimiser, groups, 0.1, (logps) => logps.map(() => 1), { maxRows: 12 });
  await once();
  const before = tf.memory().numTensors;
  await once();
  assert.equal(tf.memory().numTensors, before);
  optimiser.dispose();
  model.dispose();
});
