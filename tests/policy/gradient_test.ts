/** Gradients of the whole model by finite differences, one tensor at a time. */
import assert from "node:assert/strict";
import { engine, type Tensor } from "../../lib/engine/tensorflow.ts";
import type { LanguageModel } from "../../lib/policy/language_model.ts";
import { pack } from "../../lib/policy/packing.ts";
import { logpGradients, tokenLogps } from "../../lib/policy/sequence_logps.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { loraModules } from "../../lib/policy/lora.ts";
import { ARCHITECTURES, CONFIG, fullModel, LORA, loraModel, randomGroups } from "./random_model.ts";

const groups = randomGroups([
  { prompt: 4, completions: [3, 5] },
  { prompt: 1, completions: [2] },
  { prompt: 2, completions: [4, 1, 2] },
]);
const batch = pack(groups);
const factors = Float64Array.of(1, -0.7, 0.4, -1.3, 0.9, 0.6);

/** sum_s factors[s] * logp_s, with the dropout that the seed draws. */
function lossOf(model: LanguageModel, seed: number | undefined): number {
  const values = tokenLogps(model.trainingWeights(seed), batch);
  let row = 0, loss = 0;
  batch.lengths.forEach((length, s) => {
    for (let i = 0; i < length; i++) loss += factors[s]! * values[row++]!;
  });
  return loss;
}

/** Compares the slope along a direction near the gradient, tensor by tensor. */
async function check(model: LanguageModel, seed?: number): Promise<void> {
  const { tf } = engine();
  const { logps, grads } = logpGradients(model.trainingWeights(seed), batch, () => factors);
  assert.ok(
    Math.abs(logps.reduce((sum, l, s) => sum + l * factors[s]!, 0) - lossOf(model, seed)) < 1e-4,
  );
  assert.deepEqual([...grads.keys()].sort(), [...model.trainable().keys()].sort());
  const original = await model.snapshot();
  for (const [name, { data, shape }] of original) {
    const gradient = (grads.get(name) as Tensor).dataSync() as Float32Array;
    assert.deepEqual(grads.get(name)!.shape, shape, name);
    // Each component of the gradient at a random weight: errors cannot hide at right angles to it.
    const prng = createPrng(9, name);
    const direction = gradient.map((g) => g * (0.2 + 1.8 * prng.uniform()));
    const norm = Math.sqrt(direction.reduce((sum, d) => sum + d * d, 0));
    assert.ok(norm > 1e-3, `${name} has no gradient to speak of: ${norm}`);
    const slope = direction.reduce((sum, d, i) => sum + d * gradient[i]!, 0) / norm;
    const at = (step: number) => {
      const moved = data.map((value, i) => value + step * direction[i]! / norm);
      model.restore(new Map([...original, [name, { shape, data: moved }]]));
      return lossOf(model, seed);
    };
    const difference = (step: number) => (at(step) - at(-step)) / (2 * step);
    // Richardson's extrapolation: the error of third order cancels.
    const step = 0.002;
    const numeric = (4 * difference(step) - difference(2 * step)) / 3;
    assert.ok(
      Math.abs(numeric - slope) < 2e-3 * Math.max(1, Math.abs(slope)),
      `${name}: slope ${slope}, by differences ${numeric}`,
    );
    model.restore(original);
  }
  tf.dispose([...grads.values()]);
  model.dispose();
}

for (const tieEmbeddings of [true, false]) {
  const name = tieEmbeddings ? "tied" : "untied";
  Deno.test(`full gradients of a model with ${name} embeddings and grouped queries`, async () => {
    await check(await fullModel({ tieEmbeddings }));
  });
}

Deno.test("full gradients of a model with one key head a query head", async () => {
  await check(await fullModel({ heads: 2, kvHeads: 2, headDim: 8 }));
});

for (const [name, changes] of Object.entries(ARCHITECTURES)) {
  Deno.test(`gradients of ${name}, full and LoRA`, async () => {
    await check(await fullModel(changes));
    const targetModules = loraModules({ ...CONFIG, ...changes });
    await check(await loraModel({ targetModules }, changes));
  });
}

Deno.test("LoRA gradients of all seven targets", async () => {
  await check(await loraModel());
});

Deno.test("LoRA gradients of some targets, untied", async () => {
  await check(
    await loraModel({ targetModules: ["q_proj", "v_proj", "down_proj"] }, { tieEmbeddings: false }),
  );
});

Deno.test("LoRA gradients under dropout of a fixed seed", async () => {
  const model = await loraModel({ dropout: 0.4 });
  const [first, again, other, none] = [11, 11, 12, undefined].map((seed) => lossOf(model, seed));
  assert.equal(first, again);
  assert.notEqual(first, other);
  assert.notEqual(first, none);
  await check(model, 11);
});

Deno.test("dropout keeps the right share and scales what it keeps", async () => {
  // With one adapted projection the adapter's output is linear in the dropped input, so its mean
  // over seeds is the output without dropout.
  const model = await loraModel({ ...LORA, dropout: 0.3, targetModules: ["down_proj"] }, {
    layers: 1,
  });
  const [plain] = tokenLogps(model.trainingWeights(), batch);
  let mean = 0;
  const draws = 400;
  for (let seed = 0; seed < draws; seed++) {
    mean += tokenLogps(model.trainingWeights(seed), batch)[0]! / draws;
  }
  const without = tokenLogps(
    (await loraModel({ ...LORA, targetModules: [] }, { layers: 1 })).trainingWeights(),
    batch,
  )[0]!;
  assert.ok(
    Math.abs(mean - plain!) < 0.3 * Math.abs(without - plain!),
    `${mean}, ${plain}, ${without}`,
  );
  model.dispose();
});
