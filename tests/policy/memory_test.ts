import assert from "node:assert/strict";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import type { ModelConfig } from "../../lib/policy/config.ts";
import { hiddenStates } from "../../lib/policy/forward.ts";
import { LanguageModel } from "../../lib/policy/language_model.ts";
import { memoryWarning, passBytes, rowsThatFit, weightBytes } from "../../lib/policy/memory.ts";
import { pack } from "../../lib/policy/packing.ts";
import { randomParameters } from "../../lib/policy/parameters.ts";
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
    const logits = 4 * 3 * rows * TINY_CONFIG.vocabSize;
    const expected = passBytes(TINY_CONFIG, { rows, longest: 60, fused: info.nativeOps }) - logits;
    assert.ok(held < 1.3 * expected && held > 0.6 * expected, `${held} held, ${expected} expected`);
  });
  model.dispose();
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

Deno.test("what does not fit is said, with the rows that do or the length to lower", () => {
  const ask = (groupRows: number[], longest: number, free: number, fused = true) =>
    memoryWarning(SMOLLM2, { groupRows, longest, maxRows: 4096, fused, free });
  assert.equal(ask([400, 400], 200, 4e9), undefined);
  assert.match(
    ask(Array(100).fill(400), 200, 2e9) ?? "",
    /about 4\.\d GB .*2\.0 GB are free: --max-rows 1\d{3} fits/,
  );
  assert.match(
    ask([8000], 4000, 4e9) ?? "",
    /longest pair alone has 8000 tokens: lower --max-length/,
  );
  assert.match(ask([32000], 16000, 60e9, false) ?? "", /lower --max-length|--max-rows/);
});
