import assert from "node:assert/strict";
import { engine, type Tensor } from "../../lib/engine/tensorflow.ts";
import type { LanguageModel } from "../../lib/policy/language_model.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { AdamW, DEFAULT_ADAMW } from "../../lib/training/adamw.ts";
import { assertAllClose, assertClose } from "../parity/assert_close.ts";
import { fullModel, loraModel } from "../policy/random_model.ts";

/** Random gradients of every trainable tensor. */
function gradients(model: LanguageModel, step: number, scale = 0.01): Map<string, Tensor> {
  const { tf } = engine();
  return new Map([...model.trainable()].map(([name, { shape, size }]) => {
    const prng = createPrng(step, "gradient", name);
    const values = Float32Array.from({ length: size }, () => scale * prng.normal());
    return [name, tf.tensor(values, shape)];
  }));
}

const settings = { ...DEFAULT_ADAMW, weightDecay: 0.1 };

Deno.test("a restored optimiser goes on bit for bit", async () => {
  for (const make of [fullModel, loraModel]) {
    const model = await make();
    const optimiser = new AdamW(model, settings);
    for (const step of [0, 1, 2]) await optimiser.step(gradients(model, step), 0.01);
    const [policy, state] = [await model.snapshot(), await optimiser.snapshot()];
    assert.equal(state.step, 3);
    const goOn = async (own: AdamW) => {
      for (const step of [3, 4]) await own.step(gradients(model, step), 0.01);
      assert.equal(own.steps, 5);
      return { policy: await model.snapshot(), moments: (await own.snapshot()).moments };
    };
    const expected = await goOn(optimiser);
    assert.notDeepEqual(expected.policy, policy, "snapshots stay as they were");

    model.restore(policy);
    const other = new AdamW(model, settings);
    other.restore(state);
    assert.deepEqual(await goOn(other), expected);
    // A snapshot survives being restored from: a second continuation is the same.
    model.restore(policy);
    other.restore(state);
    assert.deepEqual(await goOn(other), expected);
    for (const own of [optimiser, other]) own.dispose();
    model.dispose();
  }
});

Deno.test("a state without a moment is refused by the moment's name", async () => {
  const model = await fullModel();
  const optimiser = new AdamW(model, settings);
  const { step, moments } = await optimiser.snapshot();
  moments.delete("layers.1.down.second");
  assert.throws(() => optimiser.restore({ step, moments }), /layers\.1\.down\.second/);
  model.dispose();
});

Deno.test("a gradient that is not finite changes nothing", async () => {
  const { tf } = engine();
  for (const wrong of [NaN, Infinity, -Infinity]) {
    const model = await fullModel();
    const optimiser = new AdamW(model, settings);
    await optimiser.step(gradients(model, 0), 0.01);
    const before = [await model.snapshot(), await optimiser.snapshot()];
    const grads = gradients(model, 1);
    const norm = grads.get("finalNorm")!;
    grads.set("finalNorm", tf.tidy(() => tf.concat([tf.tensor1d([wrong]), norm.slice(1)])));
    assert.ok(!Number.isFinite(await optimiser.step(grads, 0.01)));
    assert.deepEqual([await model.snapshot(), await optimiser.snapshot()], before);
    assert.ok([...grads.values()].every((grad) => grad.isDisposed));
    norm.dispose();
    optimiser.dispose();
    model.dispose();
  }
});

Deno.test("the norm is over all tensors; clipping scales every gradient alike, 0 switches it off", async () => {
  // With betas of 0 and a large epsilon, a step is learningRate * gradient / epsilon, nearly.
  const linear = { beta1: 0, beta2: 0, epsilon: 1e4, weightDecay: 0 };
  for (const maxGradNorm of [0, 0.5, 1e9]) {
    const model = await fullModel();
    const before = await model.snapshot();
    const grads = gradients(model, 2, 0.1);
    const values = new Map([...grads].map(([name, grad]) => [name, grad.dataSync().slice()]));
    const squares = [...values.values()].flatMap((v) => [...v]).reduce((sum, g) => sum + g * g, 0);
    const optimiser = new AdamW(model, { ...linear, maxGradNorm });
    const norm = await optimiser.step(grads, 1e4);
    assertClose(norm / Math.sqrt(squares), 1, 1e-5, "norm before clipping");
    const factor = maxGradNorm === 0.5 ? 0.5 / norm : 1;
    const after = await model.snapshot();
    for (const [name, { data }] of before) {
      const expected = data.map((value, i) => value - factor * values.get(name)![i]!);
      assertAllClose(after.get(name)!.data, expected, 0, name, 1e-4);
    }
    optimiser.dispose();
    model.dispose();
  }
});

Deno.test("weight decay shrinks parameters apart from their gradient", async () => {
  const model = await fullModel();
  const before = await model.snapshot();
  const optimiser = new AdamW(model, { ...settings, weightDecay: 0.5 });
  await optimiser.step(gradients(model, 0, 0), 0.1);
  const after = await model.snapshot();
  for (const [name, { data }] of before) {
    assertAllClose(after.get(name)!.data, data.map((value) => 0.95 * value), 1e-6, name);
  }
  optimiser.dispose();
  model.dispose();
});

Deno.test("steps and disposal leave no tensor behind", async () => {
  const { tf } = engine();
  const model = await fullModel();
  const before = tf.memory().numTensors;
  const optimiser = new AdamW(model, settings);
  await optimiser.step(gradients(model, 0), 0.01);
  optimiser.restore(await optimiser.snapshot());
  await optimiser.step(gradients(model, 1), 0.01);
  optimiser.dispose();
  assert.equal(tf.memory().numTensors, before);
  model.dispose();
});
