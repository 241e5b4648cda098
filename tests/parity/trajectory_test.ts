import assert from "node:assert/strict";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { defaultLossSpec } from "../../lib/losses/loss_spec.ts";
import { assertClose } from "./assert_close.ts";
import {
  hashedInit,
  loadTiny,
  readReference,
  type ReferencePair,
  type ReferenceStep,
  type ReferenceTrajectory,
  tokenizedPair,
  withAdapter,
} from "./references.ts";
import {
  assertFinal,
  assertSteps,
  type Objective,
  takeSteps,
  withReference,
} from "./trajectory.ts";

const DPO: Objective = { loss: { ...defaultLossSpec("dpo"), beta: 0.1 }, alpha: 0 };

async function tinyBatches() {
  const { batchSize, pairs } = await readReference<
    { batchSize: number; pairs: ReferencePair[] }
  >("tiny_pairs");
  await loadEngine();
  const model = await loadTiny("tiny_llama");
  const known = await withReference(model, pairs.map(tokenizedPair));
  const batches = Array.from(
    { length: known.length / batchSize },
    (_, i) => known.slice(i * batchSize, (i + 1) * batchSize),
  );
  return { model, batches };
}

Deno.test("20 steps of DPO are PyTorch's; the first loss is ln 2", async () => {
  const { model, batches } = await tinyBatches();
  const reference = await readReference<ReferenceTrajectory>("dpo_trajectory");
  const rates = reference.steps.map(({ learningRate }) => learningRate);
  const steps = await takeSteps(model, batches, rates, DPO);
  assertClose(steps[0]!.loss, Math.LN2, 1e-6, "first loss");
  assertSteps(steps, reference.steps);
  await assertFinal(model, batches.flat(), reference.final);
  model.dispose();
});

Deno.test("one batch of 8, 4 x 2 and 8 x 1 accumulated take PyTorch's step", async () => {
  const { accumulation: { step, final } } = await readReference<
    { accumulation: { step: ReferenceStep; final: ReferenceTrajectory["final"] } }
  >("dpo_trajectory");
  // 66 packed rows hold two or three of these pairs; 1 row splits them all.
  for (const maxRows of [4096, 66, 1]) {
    const { model, batches } = await tinyBatches();
    const own = await takeSteps(model, batches, [step.learningRate], DPO, maxRows);
    assertSteps(own, [step]);
    await assertFinal(model, batches[0]!, final);
    model.dispose();
  }
});

Deno.test("10 steps of LoRA DPO are PEFT's", async () => {
  const { model: base, batches } = await tinyBatches();
  const reference = await readReference<ReferenceTrajectory>("lora_trajectory");
  const rates = reference.steps.map(({ learningRate }) => learningRate);
  const model = await withAdapter(base, "tiny_lora_initial");
  assertSteps(await takeSteps(model, batches, rates, DPO), reference.steps);
  await assertFinal(model, batches.flat(), reference.final);
  model.dispose();
  base.dispose();
});

Deno.test("an adapter that PEFT trained and saved computes what it computes there", async () => {
  const { model: base, batches } = await tinyBatches();
  const { final } = await readReference<ReferenceTrajectory>("lora_trajectory");
  const model = await withAdapter(base, "tiny_lora_final");
  await assertFinal(model, batches.flat(), final);
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

const OTHERS: Record<string, Objective> = {
  ipo: { loss: { ...defaultLossSpec("ipo"), tau: 0.1, average: false }, alpha: 0 },
  simpo: { loss: { ...defaultLossSpec("simpo"), beta: 2, gammaMarginRatio: 0.25 }, alpha: 0 },
  hinge: { loss: { ...defaultLossSpec("hinge"), beta: 0.1 }, alpha: 0 },
  dpo_nll: { ...DPO, alpha: 0.3 },
};

for (const [name, objective] of Object.entries(OTHERS)) {
  Deno.test(`6 steps of ${name} are PyTorch's`, async () => {
    const { model, batches } = await tinyBatches();
    const all = await readReference<Record<string, ReferenceTrajectory>>("loss_trajectories");
    const reference = all[name]!;
    const rates = reference.steps.map(({ learningRate }) => learningRate);
    assertSteps(await takeSteps(model, batches, rates, objective), reference.steps);
    await assertFinal(model, batches.slice(0, rates.length).flat(), reference.final);
    model.dispose();
  });
}
