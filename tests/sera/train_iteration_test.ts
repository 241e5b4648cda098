import assert from "node:assert/strict";
import { UserError } from "../../lib/errors.ts";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { sequenceLogps } from "../../lib/policy/sequence_logps.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import { seraConfig, type SeraOptions } from "../../lib/sera/config.ts";
import { MemoryStore } from "../../lib/sera/store.ts";
import { type ReferenceScorer, trainIteration } from "../../lib/sera/train_iteration.ts";
import { batchSchedule } from "../../lib/training/batch_schedule.ts";
import { groupOf, type TrainingPair } from "../../lib/training/update.ts";
import { assertAllClose, assertClose } from "../parity/assert_close.ts";
import { disposeWithBase } from "../policy/random_model.ts";
import { mismatchedGroups } from "../../lib/training/mismatched.ts";
import { assertUserError } from "../support/errors.ts";
import {
  DiskStore,
  emptyDisk,
  Killed,
  PAIRS,
  policyAndReference,
  rowsOf,
  run,
  SERA,
} from "./sera_run.ts";

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
async function firstStep(changes: SeraOptions, referenceScorer?: ReferenceScorer) {
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
    ...(referenceScorer === undefined ? {} : { reference: referenceScorer }),
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

Deno.test("KTO's reference point is of the whole batch, whatever fits a pass", async () => {
  const loss = { name: "kto", beta: 0.5, undesirableWeight: 2 } as const;
  const seen: number[][] = [];
  // The policy is the SFT model with fresh adapters: a reference 0.4 nats below it is a z0 of 0.4.
  const { reference: sft } = await policyAndReference(0);
  const scorer: ReferenceScorer = async (groups) => {
    seen.push(groups.map(({ completions }) => completions.length));
    return (await sequenceLogps(sft, groups)).map((logps) => logps.map((logp) => logp - 0.4));
  };
  const whole = await firstStep({ loss }, scorer);
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const expected = PAIRS.map((_, i) =>
    sigmoid(-0.5 * (0.1 * i - 0.4)) + 2 * sigmoid(-0.5 * (0.4 + 0.3))
  );
  assertClose(
    whole.row.loss,
    expected.reduce((a, b) => a + b) / PAIRS.length,
    1e-4,
    "loss at z0 = 0.4",
  );
  const { row } = await firstStep({ loss, maxRows: 1 }, scorer);
  assertAllClose(
    [row.loss, row.gradientNorm],
    [whole.row.loss, whole.row.gradientNorm],
    1e-6,
    "loss and gradient norm",
  );
  assert.deepEqual(seen, [PAIRS.map(() => 2), PAIRS.map(() => 2)], "both completions, once");
  disposeWithBase(sft);
});

Deno.test("a mismatched group is a prompt with the next pair's completions, cut to the context", () => {
  const pairs = PAIRS.slice(0, 3);
  const groups = mismatchedGroups(pairs, 100);
  groups.forEach(({ promptIds, completions }, i) => {
    assert.deepEqual(promptIds, pairs[i]!.promptIds);
    const next = pairs[(i + 1) % 3]!;
    assert.deepEqual(completions, [next.chosenIds, next.rejectedIds]);
  });
  const [cut] = mismatchedGroups(pairs, pairs[0]!.promptIds.length + 2);
  assert.deepEqual(cut?.completions.map((ids) => ids.length), [
    Math.min(2, pairs[1]!.chosenIds.length),
    Math.min(2, pairs[1]!.rejectedIds.length),
  ]);
});

Deno.test("KTO on batches of one pair is refused, before anything is trained", async () => {
  await assertUserError(() => run({ loss: { name: "kto" }, batch: 1 }), /needs mismatched pairs/);
  assert.throws(() => mismatchedGroups(PAIRS.slice(0, 1), 100), UserError);
});

Deno.test("KTO runs through bootstrapping, past policies and shadows, and goes on where it was killed", async () => {
  const kto = { loss: { name: "kto", beta: 0.5 } } as const;
  for (const changes of [{ reference: "previous" }, { crossFit: 2 }] as const) {
    const store = new DiskStore();
    const whole = await run({ ...kto, ...changes }, {}, store);
    assert.ok(whole.iterations.length === 3 && whole.rows.every((row) => row.loss > 0));
    assert.ok(store.calls.some((name) => name.includes("reference-mismatched-3")));
    assert.ok(whole.iterations.every(({ metrics }) => Number.isFinite(metrics.heldOutLoss)));
    const disk = emptyDisk();
    const kill = { call: Math.floor(0.6 * store.calls.length), when: "after" } as const;
    const killed = new DiskStore(disk, { kill });
    await assert.rejects(() => run({ ...kto, ...changes }, {}, killed), Killed);
    const resumed = await run({ ...kto, ...changes }, {}, new DiskStore(disk));
    assert.deepEqual(resumed.weights, whole.weights);
  }
});

Deno.test("wDPO warms up over the first steps of an update", async () => {
  const loss = { name: "wdpo", flipBudget: 0.3, capBudget: 0 } as const;
  // Every pair with both labels: half of the margins are negative.
  const pairs = PAIRS.flatMap((pair) => [
    pair,
    { ...pair, chosenIds: pair.rejectedIds, rejectedIds: pair.chosenIds },
  ]);
  const rest = { iterations: 1, steps: 4, batch: 20 } as const;
  const [off, half] = [
    await run({ loss: { ...loss, flipBudget: 0 }, ...rest }, { pairs }),
    await run({ loss: { ...loss, warmup: 0.5 }, ...rest }, { pairs }),
  ];
  assert.deepEqual(half.rows.slice(0, 2), off.rows.slice(0, 2));
  assert.equal(half.rows[2]!.margin, off.rows[2]!.margin, "the same policy");
  assert.ok(half.rows[2]!.loss < off.rows[2]!.loss, "labels of negative margin turned round");
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
