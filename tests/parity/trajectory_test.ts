import assert from "node:assert/strict";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import type { SeraOptions } from "../../lib/sera/config.ts";
import { groupOf, microBatches } from "../../lib/training/update.ts";
import { assertClose } from "./assert_close.ts";
import {
  hashedInit,
  loadTiny,
  readReference,
  type ReferenceLora,
  type ReferencePair,
  type ReferenceStep,
  type ReferenceTrajectory,
  tokenizedPair,
  withAdapter,
  withHashedLora,
} from "./references.ts";
import {
  assertFinal,
  assertSteps,
  takeSteps,
  trajectoryConfig,
  withReference,
} from "./trajectory.ts";

/** The tiny checkpoint and the fixed pairs, in order, with its log-probabilities. */
async function tinyStart() {
  await loadEngine();
  const model = await loadTiny("tiny_llama");
  const { pairs } = await readReference<{ pairs: ReferencePair[] }>("tiny_pairs");
  return { model, pairs: await withReference(model, pairs.map(tokenizedPair)) };
}

Deno.test("20 steps of DPO are PyTorch's; the first loss is ln 2", async () => {
  const { model, pairs } = await tinyStart();
  const reference = await readReference<ReferenceTrajectory>("dpo_trajectory");
  const config = trajectoryConfig({ steps: 20, learningRate: 1e-3, warmup: 0.25 });
  const steps = await takeSteps(model, pairs, config);
  assertClose(steps[0]!.loss, Math.LN2, 1e-6, "first loss");
  assertSteps(steps, reference.steps);
  await assertFinal(model, pairs, reference.final);
  model.dispose();
});

Deno.test("one batch of 8 pairs and smaller ones accumulated take PyTorch's step", async () => {
  const { accumulation: { step, final } } = await readReference<
    { accumulation: { step: ReferenceStep; final: ReferenceTrajectory["final"] } }
  >("dpo_trajectory");
  const passes: number[] = [];
  for (const maxRows of [4096, 66, 1]) {
    const { model, pairs } = await tinyStart();
    const batch = pairs.slice(0, 8);
    passes.push(microBatches(batch.map(groupOf), maxRows).length);
    const config = trajectoryConfig({ steps: 1, learningRate: 1e-3, maxRows });
    assertSteps(await takeSteps(model, batch, config), [step]);
    await assertFinal(model, batch, final);
    model.dispose();
  }
  assert.equal(passes[0], 1);
  assert.ok(passes[1]! > 1 && passes[1]! < 8, `${passes}`);
  assert.equal(passes[2], 8);
});

Deno.test("10 steps of LoRA DPO are PEFT's", async () => {
  const { model: base, pairs } = await tinyStart();
  const reference = await readReference<ReferenceTrajectory>("lora_trajectory");
  const model = await withAdapter(base, "tiny_lora_initial");
  const config = trajectoryConfig({ steps: 10, learningRate: 2e-2 });
  assertSteps(await takeSteps(model, pairs.slice(0, 80), config), reference.steps);
  await assertFinal(model, pairs, reference.final);
  model.dispose();
  base.dispose();
});

Deno.test("6 steps of DPO with LoRA on every linear layer are PEFT's", async () => {
  const { model: base, pairs } = await tinyStart();
  const { rank, alpha, targets, initScale, steps, final } = await readReference<
    ReferenceTrajectory & ReferenceLora
  >("lora_all_linear");
  const adapter = { rank, alpha, dropout: 0, targetModules: targets };
  const model = withHashedLora(base, adapter, initScale);
  const seen = pairs.slice(0, 48);
  const config = trajectoryConfig({ steps: 6, learningRate: 2e-2 });
  assertSteps(await takeSteps(model, seen, config), steps);
  await assertFinal(model, seen, final);
  model.dispose();
  base.dispose();
});

Deno.test("an adapter that PEFT trained and saved computes what it computes there", async () => {
  const { model: base, pairs } = await tinyStart();
  const { final } = await readReference<ReferenceTrajectory>("lora_trajectory");
  const model = await withAdapter(base, "tiny_lora_final");
  await assertFinal(model, pairs, final);
  model.dispose();
  base.dispose();
});

Deno.test("the fixed LoRA initialisation is the references'", async () => {
  await loadEngine();
  const base = await loadTiny("tiny_llama");
  const model = await withAdapter(base, "tiny_lora_initial");
  // q_proj holds the first 4 of A's columns (rank 4, inputs 64).
  const a = model.lora![1]!.qkv!.a;
  const own = hashedInit("model.layers.1.self_attn.q_proj", 4 * 64, 0.25);
  const values = a.arraySync();
  for (let r = 0; r < 4; r++) {
    for (let i = 0; i < 64; i++) assert.equal(values[i]![r], own[r * 64 + i], `A[${r}, ${i}]`);
  }
  model.dispose();
  base.dispose();
});

const OTHERS: Record<string, Pick<SeraOptions, "loss" | "nllAlpha">> = {
  ipo: { loss: { name: "ipo", tau: 0.1, average: false } },
  simpo: { loss: { name: "simpo", beta: 2, gammaMarginRatio: 0.25 } },
  slic: { loss: { name: "slic", beta: 0.1 } },
  dpo_nll: { nllAlpha: 0.3 },
};

for (const [name, settings] of Object.entries(OTHERS)) {
  Deno.test(`6 steps of ${name} are PyTorch's`, async () => {
    const { model, pairs } = await tinyStart();
    const all = await readReference<Record<string, ReferenceTrajectory>>("loss_trajectories");
    const config = trajectoryConfig({ steps: 6, learningRate: 1e-3, ...settings });
    const seen = pairs.slice(0, 48);
    assertSteps(await takeSteps(model, seen, config), all[name]!.steps);
    await assertFinal(model, seen, all[name]!.final);
    model.dispose();
  });
}
