import assert from "node:assert/strict";
import { ops } from "../../lib/engine/ops/ops.ts";
import { engine, loadEngine } from "../../lib/engine/tensorflow.ts";
import { hiddenStates } from "../../lib/policy/forward.ts";
import { generate } from "../../lib/policy/generate.ts";
import type { LanguageModel } from "../../lib/policy/language_model.ts";
import { pack } from "../../lib/policy/packing.ts";
import { sequenceLogps, tokenLogps } from "../../lib/policy/sequence_logps.ts";
import { assertAllClose } from "./assert_close.ts";
import { loadTiny, readReference } from "./references.ts";

interface TinyReference {
  readonly logits: { ids: number[]; positions: number[]; logits: number[][] }[];
  readonly completions: {
    prompt: number[];
    completion: number[];
    tokenLogps: number[];
    logp: number;
  }[];
  readonly greedy: { prompt: number[]; newIds: number[] }[];
}

/** Logits after each of `ids`, [T][V]. */
function logitsOf(model: LanguageModel, ids: readonly number[]): number[][] {
  // A last token that nothing reads, so that the row before it predicts.
  const completion = Int32Array.from([...ids.slice(1), 0]);
  const batch = pack([{ promptIds: Int32Array.of(ids[0]!), completions: [completion] }]);
  const { tf } = engine();
  const logits = tf.tidy(() => {
    const weights = model.inferenceWeights();
    const { hidden, tape } = hiddenStates(weights, batch, false);
    tape.layout.dispose();
    return ops().matMul(hidden, weights.parameters.head, false, true);
  });
  const rows = logits.arraySync();
  logits.dispose();
  return rows;
}

for (const name of ["tiny_llama", "tiny_llama_tied"] as const) {
  Deno.test(`${name} computes transformers' logits at every kind of position`, async () => {
    await loadEngine();
    const model = await loadTiny(name);
    const { logits: cases } = await readReference<TinyReference>(name);
    for (const { ids, positions, logits } of cases) {
      const own = logitsOf(model, ids);
      positions.forEach((position, i) =>
        assertAllClose(own[position]!, logits[i]!, 1e-4, `position ${position} of ${ids}`)
      );
    }
    model.dispose();
  });

  Deno.test(`${name} gives transformers' log-probabilities, packed together or alone`, async () => {
    await loadEngine();
    const model = await loadTiny(name);
    const { completions } = await readReference<TinyReference>(name);
    const groups = completions.map(({ prompt, completion }) => ({
      promptIds: Int32Array.from(prompt),
      completions: [Int32Array.from(completion)],
    }));
    for (const [i, { tokenLogps: expected }] of completions.entries()) {
      const own = tokenLogps(model.inferenceWeights(), pack([groups[i]!]));
      assertAllClose(own, expected, 1e-4, `token log-probabilities of completion ${i}`);
    }
    const expected = completions.map(({ logp }) => logp);
    for (const maxRows of [1, 100, 4096]) {
      const sums = await sequenceLogps(model, groups, { maxRows });
      const own = sums.map(([sum]) => sum!);
      assertAllClose(own, expected, 1e-4, `log-probabilities, ${maxRows} rows a pass`);
    }
    model.dispose();
  });

  Deno.test(`${name} continues prompts greedily as transformers does`, async () => {
    await loadEngine();
    const model = await loadTiny(name);
    const { greedy } = await readReference<TinyReference>(name);
    const made = await generate(model, greedy.map(({ prompt }) => Int32Array.from(prompt)), {
      temperature: 0,
      topP: 1,
      topK: 0,
      responses: 1,
      maxNewTokens: 16,
      stopTokenIds: [],
      seed: 0,
      path: [],
      batch: 8,
    });
    assert.deepEqual(made.map(([response]) => [...response!.ids]), greedy.map((g) => g.newIds));
    model.dispose();
  });
}
