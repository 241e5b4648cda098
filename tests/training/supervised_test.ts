import assert from "node:assert/strict";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { pack } from "../../lib/policy/packing.ts";
import { logpGradients, sequenceLogps } from "../../lib/policy/sequence_logps.ts";
import { AdamW, DEFAULT_ADAMW } from "../../lib/training/adamw.ts";
import { type SupervisedConfig, trainSupervised } from "../../lib/training/supervised.ts";
import { assertAllClose, assertClose } from "../parity/assert_close.ts";
import { fullModel, randomIds } from "../policy/random_model.ts";
import { assertUserError } from "../support/errors.ts";

await loadEngine();

const examples = Array.from({ length: 6 }, (_, i) => ({
  promptIds: randomIds(`prompt ${i}`, 1 + i % 3),
  completionIds: randomIds(`completion ${i}`, 1 + i),
}));

const config: SupervisedConfig = {
  schedule: { name: "linear", peak: 0.02, warmupSteps: 2, totalSteps: 30 },
  steps: 30,
  batch: 6,
  optimiser: DEFAULT_ADAMW,
  maxRows: 4096,
};

Deno.test("the loss is nats a completion token over the batch, whatever fits a pass", async () => {
  const model = await fullModel();
  const groups = examples.map(({ promptIds, completionIds }) => ({
    promptIds,
    completions: [completionIds],
  }));
  const logps = await sequenceLogps(model, groups);
  const tokens = examples.reduce((sum, { completionIds }) => sum + completionIds.length, 0);
  const expected = -logps.reduce((sum, [logp]) => sum + logp!, 0) / tokens;
  const losses = await trainSupervised(model, examples, config, 0);
  assertClose(losses[0]!, expected, 1e-5, "first loss");
  assert.equal(losses.length, 30);
  assert.ok(losses.at(-1)! < 0.5 * losses[0]!, `${losses[0]} to ${losses.at(-1)}`);

  const smooth = { ...config, steps: 3, optimiser: { ...DEFAULT_ADAMW, epsilon: 1 } };
  const runs: number[][] = [];
  for (const maxRows of [4096, 1]) {
    const other = await fullModel();
    runs.push(await trainSupervised(other, examples, { ...smooth, maxRows }, 0));
    other.dispose();
  }
  assertAllClose(runs[1]!, runs[0]!, 1e-5, "losses, an example a pass");
  model.dispose();
});

Deno.test("the same seed gives the same weights, another seed others", async () => {
  const trained = async (seed: number) => {
    const model = await fullModel();
    await trainSupervised(model, examples, { ...config, steps: 4, batch: 2 }, seed);
    const weights = await model.snapshot();
    model.dispose();
    return weights;
  };
  const first = await trained(0);
  assert.deepEqual(await trained(0), first);
  assert.notDeepEqual(await trained(1), first);
});

Deno.test("a loss that stops being finite ends the training", async () => {
  const model = await fullModel();
  const wild = {
    ...config,
    schedule: { ...config.schedule, peak: 1e30 },
    optimiser: { ...DEFAULT_ADAMW, maxGradNorm: 0 },
  };
  await assertUserError(
    () => trainSupervised(model, examples, wild, 0),
    /supervised step \d/,
    "lower",
  );
  model.dispose();
});

Deno.test("a step is AdamW's on the gradient of nats a token", async () => {
  const smooth = { ...DEFAULT_ADAMW, epsilon: 1, maxGradNorm: 0 };
  const tokens = examples.reduce((sum, { completionIds }) => sum + completionIds.length, 0);
  const [own, expected] = [await fullModel(), await fullModel()];
  await trainSupervised(own, examples, { ...config, steps: 1, optimiser: smooth }, 0);
  const groups = examples.map(({ promptIds, completionIds }) => ({
    promptIds,
    completions: [completionIds],
  }));
  const optimiser = new AdamW(expected, smooth);
  const { grads } = logpGradients(
    expected.trainingWeights(),
    pack(groups),
    (logps) => logps.map(() => -1 / tokens),
  );
  // Warm-up over two steps: half of the peak.
  await optimiser.step(grads, 0.01);
  const wanted = await expected.snapshot();
  for (const [name, { data }] of await own.snapshot()) {
    assertAllClose(data, wanted.get(name)!.data, 1e-6, name);
  }
  optimiser.dispose();
  own.dispose();
  expected.dispose();
});
