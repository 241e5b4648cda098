import assert from "node:assert/strict";
import { engine, loadEngine } from "../../lib/engine/tensorflow.ts";
import { LanguageModel } from "../../lib/policy/language_model.ts";
import {
  buildLora,
  exportLora,
  initialLora,
  loraBlocks,
  type LoraConfig,
  loraModules,
  type LoraSite,
} from "../../lib/policy/lora.ts";
import { pack } from "../../lib/policy/packing.ts";
import { exportParameters, loadParameters } from "../../lib/policy/parameters.ts";
import { logpGradients, tokenLogps } from "../../lib/policy/sequence_logps.ts";
import { AdamW, DEFAULT_ADAMW } from "../../lib/training/adamw.ts";
import { updateStep } from "../../lib/training/update.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { assertUserError } from "../support/errors.ts";

import { CONFIG, fullModel, LORA, loraModel, randomGroups } from "./random_model.ts";

const { tf } = await loadEngine();
const groups = randomGroups([
  { prompt: 5, completions: [3, 4] },
  { prompt: 1, completions: [6, 2] },
  { prompt: 3, completions: [1] },
]);

const TARGETS = [
  loraModules(CONFIG),
  ["q_proj"],
  ["v_proj", "q_proj"],
  ["k_proj", "o_proj", "up_proj"],
  ["down_proj", "gate_proj"],
];

Deno.test("exportLora gives back what buildLora was given, PEFT's layout", async () => {
  for (const targetModules of TARGETS) {
    const lora: LoraConfig = { ...LORA, targetModules };
    const given = new Map<string, { a: Float32Array; b: Float32Array }>();
    const layers = buildLora(CONFIG, lora, (layer, { module, inputs, width }) => {
      const prng = createPrng(1, layer, module);
      const normals = (size: number) => Float32Array.from({ length: size }, () => prng.normal());
      const value = { a: normals(3 * inputs), b: normals(width * 3) };
      given.set(`${layer} ${module}`, value);
      return value;
    });
    const back = await exportLora(CONFIG, lora, layers);
    assert.equal(back.length, 2 * targetModules.length);
    assert.equal(given.size, back.length);
    for (const { layer, block, a, b } of back) {
      assert.deepEqual({ a, b }, given.get(`${layer} ${block.module}`), block.module);
    }
  }
});

Deno.test("blocks have Hugging Face's widths and stand side by side", () => {
  const blocks = loraBlocks(CONFIG, LORA);
  assert.deepEqual(
    blocks.map(({ module, inputs, width, column, offset, inner, outputs }) =>
      [module, inputs, width, column, offset, inner, outputs].join(" ")
    ),
    [
      "self_attn.q_proj 16 16 0 0 9 32",
      "self_attn.k_proj 16 8 16 3 9 32",
      "self_attn.v_proj 16 8 24 6 9 32",
      "self_attn.o_proj 16 16 0 0 3 16",
      "mlp.gate_proj 16 32 0 0 6 64",
      "mlp.up_proj 16 32 32 3 6 64",
      "mlp.down_proj 32 16 0 0 3 16",
    ],
  );
});

Deno.test("the merged matrix is W + (alpha / rank) B A of each projection", async () => {
  const model = await loraModel({
    alpha: 5,
    targetModules: ["q_proj", "v_proj", "gate_proj", "down_proj"],
  });
  const before = await exportParameters(CONFIG, model.base);
  const after = await exportParameters(CONFIG, model.inferenceWeights().parameters);
  const blocks = await exportLora(CONFIG, model.loraConfig!, model.lora!);
  const adapted = new Set<string>();
  for (const { layer, block: { module, inputs, width }, a, b } of blocks) {
    const name = `model.layers.${layer}.${module}.weight`;
    adapted.add(name);
    for (let o = 0; o < width; o++) {
      for (let i = 0; i < inputs; i++) {
        let sum = before.get(name)!.data[o * inputs + i]!;
        for (let r = 0; r < 3; r++) sum += 5 / 3 * b[o * 3 + r]! * a[r * inputs + i]!;
        const own = after.get(name)!.data[o * inputs + i]!;
        assert.ok(Math.abs(own - sum) < 1e-5, `${name}[${o}, ${i}]: ${own}, not ${sum}`);
      }
    }
  }
  assert.equal(adapted.size, 8);
  for (const [name, { data }] of before) {
    if (!adapted.has(name)) assert.deepEqual(after.get(name)!.data, data, name);
  }
});

Deno.test("merged and unmerged adapters give the same log-probabilities", async () => {
  for (const targetModules of TARGETS) {
    const model = await loraModel({ targetModules }, { tieEmbeddings: false });
    const base = new LanguageModel(model.config, model.base);
    const batch = pack(groups);
    const merged = tokenLogps(model.inferenceWeights(), batch);
    const apart = tokenLogps(model.trainingWeights(), batch);
    const plain = tokenLogps(base.inferenceWeights(), batch);
    merged.forEach((value, i) => assert.ok(Math.abs(value - apart[i]!) < 2e-5 * 10, `${i}`));
    assert.ok(merged.some((value, i) => Math.abs(value - plain[i]!) > 0.01), "no effect");
  }
});

Deno.test("a fresh adapter changes nothing; A is within PEFT's bounds, B is zero", async () => {
  const base = await fullModel();
  const model = base.withLora(LORA, 4);
  const layers = model.lora!;
  const batch = pack(groups);
  const expected = tokenLogps(base.inferenceWeights(), batch);
  assert.deepEqual(tokenLogps(model.inferenceWeights(), batch), expected);
  const largest = new Map<string, number>();
  for (const { block, a, b } of await exportLora(CONFIG, LORA, layers)) {
    assert.ok(b.every((value) => value === 0));
    const bound = 1 / Math.sqrt(block.inputs);
    const top = a.reduce((m, value) => Math.max(m, Math.abs(value)), 0);
    assert.ok(top <= bound && top > 0.8 * bound, `${block.module}: ${top} of ${bound}`);
    largest.set(`${block.module} ${top}`, top);
  }
  assert.equal(largest.size, 14, "every projection has its own draws");
  const [again, other] = [4, 5].map((seed) => initialLora(CONFIG, LORA, seed));
  const first = (l: typeof layers) => [...l[0]!.qkv!.a.dataSync()];
  assert.deepEqual(first(again!), first(layers));
  assert.notDeepEqual(first(other!), first(layers));
});

Deno.test("training keeps the projections of a matrix apart", async () => {
  const model = await loraModel({ dropout: 0.2 });
  const optimiser = new AdamW(model, { ...DEFAULT_ADAMW, weightDecay: 0.1 });
  const start = await model.snapshot();
  for (let step = 0; step < 5; step++) {
    await updateStep(model, optimiser, groups, 0.05, (logps) => logps.map(() => -1), {
      maxRows: 10,
      dropoutSeed: step,
    });
  }
  let offBlocks = 0;
  for (const [layer, sites] of model.lora!.entries()) {
    for (const [name, { b, mask }] of Object.entries(sites) as [string, LoraSite][]) {
      const values = b.dataSync(), before = start.get(`layers.${layer}.${name}.b`)!.data;
      const blocks = mask?.dataSync();
      values.forEach((value: number, i: number) => {
        if (blocks?.[i] === 0) {
          offBlocks++;
          assert.equal(value, 0, `${name}[${i}]`);
        } else assert.notEqual(value, before[i], `${name}[${i}] did not train`);
      });
    }
  }
  assert.ok(offBlocks > 0);
  optimiser.dispose();
});

Deno.test("unknown targets are refused by name, with the names that exist", async () => {
  for (const target of ["query", "self_attn.q_proj", "lm_head", ""]) {
    await assertUserError(
      () => loraBlocks(CONFIG, { ...LORA, targetModules: ["q_proj", target] }),
      `LoRA target ${target} is unknown`,
      "gate_proj",
    );
  }
});

Deno.test("weights survive the way into fused matrices and back, bit for bit", async () => {
  for (const overrides of [{}, { tieEmbeddings: false, kvHeads: 4, headDim: 6 }]) {
    const model = await fullModel(overrides);
    const out = await exportParameters(model.config, model.base);
    const again = await loadParameters(model.config, {
      origin: "memory",
      names: [...out.keys()],
      shape: (name) => out.get(name)!.shape,
      read: (name) => Promise.resolve(out.get(name)!.data),
    });
    const twice = await exportParameters(model.config, again);
    assert.deepEqual(twice, out);
    assert.equal(out.size, 2 + 2 * 9 + (model.config.tieEmbeddings ? 0 : 1));
    model.dispose();
  }
});

Deno.test("a tensor of another shape than the config's is refused by name", async () => {
  const model = await fullModel();
  const out = await exportParameters(model.config, model.base);
  out.get("model.layers.1.mlp.up_proj.weight")!.shape.reverse();
  await assertUserError(
    () =>
      loadParameters(model.config, {
        origin: "file.safetensors",
        names: [...out.keys()],
        shape: (name) => out.get(name)!.shape,
        read: (name) => Promise.resolve(out.get(name)!.data),
      }),
    "file.safetensors",
    "model.layers.1.mlp.up_proj.weight is [16,32], but the config makes it [32,16]",
  );
});

Deno.test("base weights get no gradient beside adapters, and stay as they were", async () => {
  const model = await loraModel();
  const base = new LanguageModel(CONFIG, model.base);
  const before = await base.snapshot();
  const { grads } = logpGradients(model.trainingWeights(), pack(groups), (l) => l.map(() => 1));
  assert.ok([...grads.keys()].every((name) => /\.[ab]$/.test(name)), [...grads.keys()].join());
  tf.dispose([...grads.values()]);
  const optimiser = new AdamW(model, DEFAULT_ADAMW);
  await updateStep(model, optimiser, groups, 0.1, (l) => l.map(() => 1), { maxRows: 100 });
  optimiser.dispose();
  assert.deepEqual(await base.snapshot(), before);
  assert.equal(engine().tf, tf);
});
