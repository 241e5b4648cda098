import assert from "node:assert/strict";
import { loadEngine, type Tensor2D } from "../../lib/engine/tensorflow.ts";
import type { ModelConfig } from "../../lib/policy/config.ts";
import { hiddenStates } from "../../lib/policy/forward.ts";
import { LanguageModel } from "../../lib/policy/language_model.ts";
import {
  chooseRows,
  passBytes,
  rowsThatFit,
  scoreBytes,
  weightBytes,
} from "../../lib/policy/memory.ts";
import { pack } from "../../lib/policy/packing.ts";
import { randomParameters } from "../../lib/policy/parameters.ts";
import { composite } from "../engine/ops/implementations.ts";
import { TINY_CONFIG } from "../support/tiny_model.ts";

const SMOLLM2: ModelConfig = {
  ...{
    vocabSize: 49152,
    hiddenSize: 576,
    intermediateSize: 1536,
    layers: 30,
    heads: 9,
    kvHeads: 3,
  },
  ...{ headDim: 64, ropeTheta: 1e5, rmsNormEps: 1e-5, maxPositions: 8192, tieEmbeddings: true },
};

Deno.test("SmolLM2 with pairs of 4,000 tokens: the 8.5 GB that were measured", () => {
  const size = { rows: 8000, longest: 4000, fused: true };
  const bytes = weightBytes(SMOLLM2) + passBytes(SMOLLM2, size);
  assert.ok(Math.abs(bytes / 8.5e9 - 1) < 0.1, `${bytes / 1e9} GB`);
  assert.ok(Math.abs(weightBytes(SMOLLM2) / (134.5e6 * 4) - 1) < 0.01);
});

Deno.test("the tape of a pass holds as many bytes as estimated", async () => {
  const { tf, info } = await loadEngine();
  const model = new LanguageModel(TINY_CONFIG, randomParameters(TINY_CONFIG, 1));
  const ids = (n: number) => Int32Array.from({ length: n }, (_, i) => i % 250);
  const batch = pack([{ promptIds: ids(1), completions: [ids(60), ids(60)] }]);
  const weights = model.trainingWeights();
  tf.tidy(() => void hiddenStates(weights, batch, true)); // tables and compiled kernels
  const before = tf.memory().numBytes;
  tf.tidy(() => {
    hiddenStates(weights, batch, true);
    const held = tf.memory().numBytes - before;
    const rows = batch.tokenIds.length;
    const size = { rows, longest: 60, fused: info.nativeOps };
    const logits = 4 * 3 * rows * TINY_CONFIG.vocabSize;
    // Of the scores, those that are kept: one array a layer.
    const passing = 5 * scoreBytes(TINY_CONFIG, size) / (TINY_CONFIG.layers + 5);
    const expected = passBytes(TINY_CONFIG, size) - logits - passing;
    assert.ok(held < 1.3 * expected && held > 0.6 * expected, `${held} held, ${expected} expected`);
  });
  model.dispose();
});

Deno.test("without fused kernels every layer keeps its scores: a pass holds what is estimated", async () => {
  const { tf } = await loadEngine();
  const heads = 4, headDim = 4, length = 300, layers = 12;
  const kernel = composite;
  const segment = { start: 0, length, prefixStart: 0, prefixLength: 0 };
  const layout = kernel.attentionLayout([segment], length);
  tf.tidy(() => {
    const qkv = tf.zeros([length, 3 * heads * headDim]) as Tensor2D;
    const shape = { heads, kvHeads: heads, headDim };
    kernel.attention(qkv, layout, shape); // the mask
    const before = tf.memory().numBytes;
    const kept = Array.from({ length: layers }, () => kernel.attention(qkv, layout, shape));
    tf.dispose(kept.map(({ out }) => out));
    const held = tf.memory().numBytes - before;
    const config = { ...TINY_CONFIG, heads, kvHeads: heads, headDim, layers };
    const size = { rows: length, longest: length, fused: false };
    assert.equal(held, scoreBytes(config, size) * layers / (layers + 5));
    assert.equal(scoreBytes(config, { ...size, fused: true }), 0);
  });
  layout.dispose();
});

Deno.test("rows that fit do fit, and one more does not", () => {
  for (const fused of [true, false]) {
    for (const free of [2e9, 16e9]) {
      const size = { longest: 1000, fused };
      const rows = rowsThatFit(SMOLLM2, size, free);
      assert.ok(rows > 100);
      assert.ok(passBytes(SMOLLM2, { ...size, rows }) <= free);
      assert.ok(passBytes(SMOLLM2, { ...size, rows: rows + 1 }) > free);
    }
  }
  assert.equal(rowsThatFit(SMOLLM2, { longest: 1000, fused: true }, 1e6), 0);
});

Deno.test("rows that the user did not give are as many as fit; given ones stay, with a warning", () => {
  const choose = (groupRows: number[], longest: number, free: number, fixed = false) =>
    chooseRows(SMOLLM2, { groupRows, longest, wanted: 4096, fixed, fused: true, free });
  const many = Array(100).fill(400);
  assert.deepEqual(choose([400, 400], 200, 4e9), { maxRows: 4096 });
  assert.deepEqual(choose(many, 200, 40e9), { maxRows: 4096 });
  const { maxRows, note, warning } = choose(many, 200, 2e9);
  assert.ok(maxRows > 1000 && maxRows < 2000, String(maxRows));
  assert.ok(passBytes(SMOLLM2, { rows: maxRows, longest: 200, fused: true }) < 0.91 * 2e9);
  assert.match(
    note ?? "",
    /^--max-rows 1\d{3} instead of 4096: an update takes about 4\.\d GB of memory, and 2\.0 GB are free$/,
  );
  assert.equal(warning, undefined);
  const given = choose(many, 200, 2e9, true);
  assert.equal(given.maxRows, 4096);
  assert.match(given.warning ?? "", new RegExp(`are free: --max-rows ${maxRows} fits$`));
});

Deno.test("a pair that does not fit is told, and stands alone in its pass", () => {
  const choice = chooseRows(SMOLLM2, {
    ...{ groupRows: [8000, 100], longest: 4000, wanted: 10_000, fixed: false },
    ...{ fused: true, free: 4e9 },
  });
  assert.equal(choice.maxRows, 8000);
  assert.match(choice.warning ?? "", /in one pass has 8000 tokens; lower --max-length/);
});
