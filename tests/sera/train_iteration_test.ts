import assert from "node:assert/strict";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { sequenceLogps } from "../../lib/policy/sequence_logps.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import { seraConfig, type SeraOptions } from "../../lib/sera/config.ts";
import { MemoryStore } from "../../lib/sera/store.ts";
import { trainIteration } from "../../lib/sera/train_iteration.ts";
import { batchSchedule } from "../../lib/training/batch_schedule.ts";
import { groupOf, type TrainingPair } from "../../lib/training/update.ts";
import { assertAllClose, assertClose } from "../parity/assert_close.ts";
import { disposeWithBase } from "../policy/random_model.ts";
import { DiskStore, PAIRS, policyAndReference, rowsOf, run, SERA } from "./sera_run.ts";

await loadEngine();

Deno.test("every pair comes once an epoch, in an order drawn anew", () => {
  for (const [pairs, batch] of [[12, 4], [10, 4], [7, 7], [5, 3]] as const) {
    const drawn = batchSchedule(pairs, 40, batch, 3, 1);
    assert.equal(drawn.length, 40);
    assert.ok(drawn.every((members) => members.length === batch));
    const flat = drawn.flat();
    const epochs = Array.from(
      { length: Math.floor(flat.length / pairs) },
      (_, e) => flat.slice(e * pairs, (e + 1) * pairs),
    );
    for (const epoch of epochs) {
      assert.deepEqual(epoch.toSorted((a, b) => a - b), Array.from({ length: pairs }, (_, i) => i));
    }
    assert.notDeepEqual(epochs[0], epochs[1]);
  }
});

Deno.test("fewer pairs than a batch are a batch, whole", () => {
  const drawn = batchSchedule(3, 5, 8, 3, 1);
  assert.equal(drawn.length, 5);
  for (const members of drawn) {
    assert.deepEqual(members.toSorted((a, b) => a - b), [0, 1, 2]);
  }
});

Deno.test("batches depend on seed and iteration, and a longer run begins like a shorter one", () => {
  const drawn = batchSchedule(10, 6, 4, 3, 1);
  assert.deepEqual(batchSchedule(10, 6, 4, 3, 1), drawn);
  assert.notDeepEqual(batchSchedule(10, 6, 4, 4, 1), drawn);
  assert.notDeepEqual(batchSchedule(10, 6, 4, 3, 2), drawn);
  assert.deepEqual(batchSchedule(10, 20, 4, 3, 1).slice(0, 6), drawn);
});

/** One step on every pair. */
const WHOLE = { batch: PAIRS.length, warmup: 0 };

/** The first step's row and what the model said of the pairs before it. */
async function firstStep(changes: SeraOptions) {
  const { policy, reference } = await policyAndReference(0);
  const config = { ...seraConfig(SERA, WHOLE, changes), steps: 1, learningRate: 0.02 };
  const logps = await sequenceLogps(policy, PAIRS.map(groupOf));
  // A reference of its own, so that margins are not 0.
  const pairs: TrainingPair[] = PAIRS.map((pair, i) => ({
    ...pair,
    referenceChosenLogp: logps[i]![0]! - 0.1 * i,
    referenceRejectedLogp: logps[i]![1]! + 0.3,
  }));
  const store = new MemoryStore();
  await trainIteration(policy, pairs, config, {
    iteration: 1,
    seed: 0,
    store,
    progress: silentProgress,
  });
  const [row] = await store.rows(1);
  reference.rotary.dispose();
  disposeWithBase(policy);
  return { row: row!, logps, pairs };
}

Deno.test("a step's row holds means over its pairs before the update", async () => {
  for (const maxRows of [4096, 1]) {
    const { row, logps } = await firstStep({ maxRows });
    const mean = (value: (i: number) => number) =>
      PAIRS.reduce((sum, _, i) => sum + value(i), 0) / PAIRS.length;
    assertClose(row.chosenLogp, mean((i) => logps[i]![0]!), 1e-5, "chosen");
    assertClose(row.rejectedLogp, mean((i) => logps[i]![1]!), 1e-5, "rejected");
    // beta 0.5 * (0.1 i + 0.3)
    assertClose(row.margin, mean((i) => 0.05 * i + 0.15), 1e-4, "margin");
    assertClose(
      row.loss,
      mean((i) => Math.log1p(Math.exp(-(0.05 * i + 0.15)))),
      1e-4,
      "loss",
    );
    assert.equal(row.accuracy, 1, "a share, however many passes the batch took");
    assert.deepEqual([row.iteration, row.step], [1, 1]);
  }
});

Deno.test("the warm-up is a share of the steps, as the decimal product has it", async () => {
  // In floating point 0.7 * 90 is just below 63.
  const changes = { steps: 90, batch: 1, warmup: 0.7, iterations: 1, learningRate: 0.63 };
  const { rows } = await run({ ...changes, schedule: "constant" }, { pairs: PAIRS.slice(0, 1) });
  const rates = [0, 61, 62, 63].map((step) => rows[step]!.learningRate);
  assertAllClose(rates, [0.01, 0.62, 0.63, 0.63], 1e-12, "learning rate");
});

Deno.test("a loss that couples its batch sees it whole, whatever fits a pass", async () => {
  const loss = { name: "dr-dpo" } as const;
  const whole = await firstStep({ loss });
  const { row } = await firstStep({ loss, maxRows: 1 });
  assertAllClose(
    [row.loss, row.gradientNorm],
    [whole.row.loss, whole.row.gradientNorm],
    1e-6,
    "loss and gradient norm",
  );
});

Deno.test("a training run on few pairs learns them", async () => {
  const outcome = await run(
    {
      iterations: 1,
      steps: 40,
      batch: PAIRS.length,
      warmup: 0.025,
      bootstrap: null,
      schedule: "cosine",
    },
    {},
    new DiskStore(),
  );
  const rows = rowsOf(outcome, 1);
  assert.ok(rows.at(-1)!.loss < 0.1, `loss ${rows.at(-1)!.loss}`);
  assert.ok(rows.at(-1)!.accuracy >= 0.9);
  assert.ok(outcome.iterations[0]!.metrics.trainLoss! > rows.at(-1)!.loss);
});
