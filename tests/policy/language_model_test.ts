import assert from "node:assert/strict";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { LanguageModel } from "../../lib/policy/language_model.ts";
import { pack } from "../../lib/policy/packing.ts";
import { tokenLogps } from "../../lib/policy/sequence_logps.ts";
import { AdamW, DEFAULT_ADAMW } from "../../lib/training/adamw.ts";
import { updateStep } from "../../lib/training/update.ts";
import { fullModel, loraModel, randomGroups } from "./random_model.ts";

const { tf } = await loadEngine();
const groups = randomGroups([{ prompt: 5, completions: [3, 4] }, {
  prompt: 1,
  completions: [6, 2],
}]);

/** A full model and one with adapters. */
async function models(): Promise<[string, LanguageModel][]> {
  return [
    ["full, tied", await fullModel()],
    ["full, own head", await fullModel({ tieEmbeddings: false })],
    ["LoRA", await loraModel()],
  ];
}

async function train(model: LanguageModel): Promise<void> {
  const optimiser = new AdamW(model, DEFAULT_ADAMW);
  await updateStep(model, optimiser, groups, 0.01, (l) => l.map(() => -1), { maxRows: 100 });
  optimiser.dispose();
}

const logps = (model: LanguageModel) => tokenLogps(model.inferenceWeights(), pack(groups));

Deno.test("training in place changes no clone, no snapshot and no model over the same base", async () => {
  for (const [name, model] of await models()) {
    const clone = model.clone();
    const shared = model.lora === undefined ? undefined : new LanguageModel(
      model.config,
      model.base,
    );
    const before = { model: logps(model), clone: logps(clone), shared: shared && logps(shared) };
    assert.deepEqual(before.clone, before.model, name);
    const snapshot = await model.snapshot();
    const bits = new Map([...snapshot].map(([key, { data }]) => [key, data.slice()]));
    await train(model);
    await train(model);
    assert.deepEqual(logps(clone), before.clone, `${name}: clone`);
    assert.deepEqual(shared && logps(shared), before.shared, `${name}: base`);
    for (const [key, data] of bits) {
      assert.deepEqual(snapshot.get(key)!.data, data, `${name}: snapshot of ${key}`);
    }
    const after = logps(model);
    assert.ok(after.some((value, i) => Math.abs(value - before.model[i]!) > 1e-3), name);
    // And the other way round.
    await train(clone);
    assert.deepEqual(logps(model), after, `${name}: original`);
    clone.dispose();
  }
});

Deno.test("a clone that was never run before its original trains is its own, too", async () => {
  for (const [name, model] of await models()) {
    const expected = await model.snapshot();
    const clone = model.clone();
    const again = clone.clone();
    await train(model);
    assert.deepEqual(await clone.snapshot(), expected, name);
    await train(clone);
    assert.deepEqual(await again.snapshot(), expected, name);
  }
});

Deno.test("restore brings back the exact policy, and the snapshot survives further training", async () => {
  for (const [name, model] of await models()) {
    const snapshot = await model.snapshot();
    const expected = logps(model);
    for (let round = 0; round < 2; round++) {
      await train(model);
      assert.notDeepEqual(logps(model), expected, name);
      model.restore(snapshot);
      assert.deepEqual(logps(model), expected, `${name}, round ${round}`);
      assert.deepEqual(await model.snapshot(), snapshot, `${name}, round ${round}`);
    }
  }
});

Deno.test("restore refuses a snapshot of another model and changes nothing", async () => {
  for (const [name, model] of await models()) {
    const snapshot = await model.snapshot();
    const [first] = [...snapshot.keys()].slice(-1) as [string];
    const { shape, data } = snapshot.get(first)!;
    const before = tf.memory().numTensors;
    for (const wrong of [undefined, { shape: [...shape, 1], data }]) {
      const bad = new Map(snapshot);
      if (wrong === undefined) bad.delete(first);
      else bad.set(first, wrong);
      assert.throws(() => model.restore(bad), new RegExp(first.replaceAll(".", "\\.")), name);
    }
    assert.deepEqual(await model.snapshot(), snapshot);
    assert.equal(tf.memory().numTensors, before, `${name}: tensors left behind`);
  }
});

Deno.test("merged weights follow training and restoring", async () => {
  const model = await loraModel();
  const apart = () => tokenLogps(model.trainingWeights(), pack(groups));
  const same = (what: string) => {
    const own = apart();
    logps(model).forEach((value, i) => assert.ok(Math.abs(value - own[i]!) < 1e-4, what));
  };
  same("at first");
  const snapshot = await model.snapshot();
  await train(model);
  same("after a step");
  model.restore(snapshot);
  same("restored");
  assert.equal(model.inferenceWeights().parameters, model.inferenceWeights().parameters);
});

Deno.test("snapshot, restore, clone, training and dispose leave no tensor behind", async () => {
  const cycle = async (model: LanguageModel) => {
    const clone = model.clone();
    logps(clone);
    await train(clone);
    logps(clone);
    clone.restore(await model.snapshot());
    logps(clone);
    clone.dispose();
  };
  for (const [name, model] of await models()) {
    await cycle(model);
    const before = tf.memory().numTensors;
    await cycle(model);
    assert.equal(tf.memory().numTensors, before, name);
  }
  const before = tf.memory().numTensors;
  const full = await fullModel({ tieEmbeddings: false });
  logps(full);
  full.dispose();
  assert.equal(tf.memory().numTensors, before, "a full model's weights");
});
