/** Each architecture against transformers, on tiny random models: `tools/parity/architectures.py`. */
import assert from "node:assert/strict";
import { ops } from "../../lib/engine/ops/ops.ts";
import { engine, loadEngine } from "../../lib/engine/tensorflow.ts";
import { hiddenStates } from "../../lib/policy/forward.ts";
import { generate } from "../../lib/policy/generate.ts";
import { parseHfConfig, toHfConfig } from "../../lib/policy/io/hf_config.ts";
import { pack } from "../../lib/policy/packing.ts";
import { exportParameters, parametersFromNamed } from "../../lib/policy/parameters.ts";
import { rotaryFactor, rotaryFrequencies } from "../../lib/policy/rotary_frequencies.ts";
import { GREEDY } from "../../lib/policy/sampling.ts";
import { logpGradients, sequenceLogps } from "../../lib/policy/sequence_logps.ts";
import { groupOf } from "../../lib/training/update.ts";
import { assertAllClose } from "./assert_close.ts";
import { mixed, mixedModel } from "./mixed_weights.ts";
import { readReference, type ReferencePair, tokenizedPair } from "./references.ts";

interface Reference {
  readonly config: Record<string, unknown>;
  readonly pairs: ReferencePair[];
  readonly logits: { ids: number[]; positions: number[]; values: number[][] };
  readonly logps: { chosen: number; rejected: number }[];
  readonly greedy: { newIds: number[]; smallestGap: number }[];
  readonly gradients: Record<string, { norm: number; along: number }>;
}

const CASES = [
  "mistral",
  "qwen2",
  "qwen2_window_yarn",
  "qwen3",
  "gpt_neox",
  "gpt_neox_sequential",
  "llama_biases_dynamic",
];

/** A case's reference, its model, and its pairs as the library takes them. */
async function open(name: string) {
  await loadEngine();
  const reference = await readReference<Reference>(`architectures/${name}`);
  const model = await mixedModel(parseHfConfig(reference.config, name));
  return { reference, model, groups: reference.pairs.map(tokenizedPair).map(groupOf) };
}

for (const name of CASES) {
  Deno.test(`architecture ${name}: transformers' logits and log-probabilities`, async () => {
    const { reference: { logits, logps }, model, groups } = await open(name);
    const { tf } = engine();
    const { ids, positions, values } = logits;
    // A last token that nothing reads, so that the row before it predicts.
    const completion = Int32Array.from([...ids.slice(1), 0]);
    const batch = pack([{ promptIds: Int32Array.of(ids[0]!), completions: [completion] }]);
    const own = tf.tidy(() => {
      const weights = model.inferenceWeights();
      const { hidden, tape } = hiddenStates(weights, batch, false);
      tape.layout.dispose();
      return ops().matMul(hidden, weights.parameters.head, false, true).arraySync();
    });
    positions.forEach((position, i) =>
      assertAllClose(own[position]!, values[i]!, 1e-4, `logits at position ${position}`)
    );
    for (const maxRows of [1, 4096]) {
      const sums = await sequenceLogps(model, groups, { maxRows });
      const expected = logps.flatMap(({ chosen, rejected }) => [chosen, rejected]);
      assertAllClose(sums.flatMap((of) => [...of]), expected, 1e-4, `${maxRows} rows a pass`);
    }
    model.dispose();
  });

  Deno.test(`architecture ${name}: transformers' gradients of every tensor`, async () => {
    const { reference: { gradients }, model, groups } = await open(name);
    const { tf } = engine();
    const before = tf.memory().numTensors;
    const { grads } = logpGradients(
      model.trainingWeights(),
      pack(groups),
      (logps) => logps.map((_, s) => s % 2 === 0 ? 1 : -0.7),
    );
    assert.equal(tf.memory().numTensors - before, grads.size + 2, "more than gradients and tables");
    const own = await exportParameters(
      model.config,
      parametersFromNamed(model.config, grads),
    );
    assert.deepEqual([...own.keys()].sort(), Object.keys(gradients).sort());
    for (const [tensor, { data }] of own) {
      const expected = gradients[tensor]!;
      const along = mixed(`along ${tensor}`, data.length, 2);
      const norm = Math.sqrt(data.reduce((sum, x) => sum + x * x, 0));
      const product = data.reduce((sum, x, i) => sum + x * along[i]!, 0);
      // A product far below the norm has the norm's rounding error.
      assertAllClose(
        [norm / expected.norm, product / expected.norm],
        [1, expected.along / expected.norm],
        1e-4,
        tensor,
      );
    }
    tf.dispose([...grads.values()]);
    model.dispose();
  });

  Deno.test(`architecture ${name}: continues greedily as transformers does`, async () => {
    const { reference: { pairs, greedy }, model } = await open(name);
    assert.ok(greedy.every(({ smallestGap }) => smallestGap > 1e-3), "too close to tell");
    const made = await generate(model, pairs.map(({ prompt }) => Int32Array.from(prompt)), {
      ...GREEDY,
      responses: 2,
      maxNewTokens: 12,
      stopTokenIds: [],
      seed: 0,
      path: [],
      batch: 8,
    });
    const own = made.map((responses) => responses.map(({ ids }) => [...ids]));
    assert.deepEqual(own, greedy.map(({ newIds }) => [newIds, newIds]));
    model.dispose();
  });

  Deno.test(`architecture ${name}: config.json is written and read back`, async () => {
    const { config } = await readReference<Reference>(`architectures/${name}`);
    const parsed = parseHfConfig(config, name);
    const written = toHfConfig(parsed);
    assert.deepEqual(written.architectures, config.architectures);
    assert.deepEqual(parseHfConfig(JSON.parse(JSON.stringify(written)), name), parsed);
  });
}

Deno.test("every rope type has transformers' frequencies and factor", async () => {
  interface Rope {
    readonly config: Record<string, unknown>;
    readonly frequencies: number[];
    readonly factor: number;
  }
  const { ropes } = await readReference<{ ropes: Rope[] }>("architectures/ropes");
  for (const { config, frequencies, factor } of ropes) {
    const parsed = parseHfConfig(config, "config.json");
    const name = JSON.stringify(config.rope_scaling);
    const own = rotaryFrequencies(parsed);
    assertAllClose(
      [...own].map((f, i) => f / frequencies[i]!),
      frequencies.map(() => 1),
      1e-6,
      name,
    );
    assertAllClose([rotaryFactor(parsed)], [factor], 1e-7, name);
    assert.deepEqual(parseHfConfig(toHfConfig(parsed), "written"), parsed, name);
  }
  assert.equal(ropes.length, 7);
});
