import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { openGguf } from "../../../lib/policy/io/gguf.ts";
import { openModel } from "../../../lib/policy/io/load.ts";
import { checkTensors } from "../../../lib/policy/io/tensor_table.ts";
import { rotaryFrequencies } from "../../../lib/policy/rotary_frequencies.ts";
import { assertUserError } from "../../support/errors.ts";
import { smollm2Path } from "../../support/smollm2.ts";
import { withTempDir } from "../../support/temp_dir.ts";
import {
  ggufBytes,
  type RawTensor,
  tinyGgufMetadata,
  tinyGgufTensors,
} from "../../support/tiny_gguf.ts";
import { TINY_CONFIG, tinyTensors } from "../../support/tiny_model.ts";

type Json = Record<string, unknown>;

/** Writes the tiny model's GGUF, changed as told, and calls the action with its path. */
function withGguf(
  change: { metadata?: Json; table?: (table: RawTensor[]) => RawTensor[]; bytes?: number },
  action: (path: string) => Promise<unknown>,
): Promise<void> {
  return withTempDir(async (dir) => {
    const path = join(dir, "tiny.gguf");
    const { table, data } = tinyGgufTensors(3);
    const metadata = { ...tinyGgufMetadata(), ...change.metadata };
    const bytes = ggufBytes(metadata, change.table?.(table) ?? table, data);
    await Deno.writeFile(path, bytes.subarray(0, change.bytes ?? bytes.length));
    await action(path);
  });
}

Deno.test("a GGUF gives the configuration, names, layouts and values of the Hugging Face model", () =>
  withGguf({}, async (path) => {
    const { config, weights } = await openGguf(path);
    assert.deepEqual(config, TINY_CONFIG);
    checkTensors(config, weights);
    const expected = tinyTensors(TINY_CONFIG, 3);
    assert.deepEqual(weights.names, [...expected.keys()].sort());
    for (const [name, { shape, data }] of expected) {
      assert.deepEqual(weights.shape(name), shape);
      assert.deepEqual(await weights.read(name), data, name);
    }
    const model = await openModel(path);
    assert.equal(model.tokenizer.decode(model.tokenizer.encode("the hall")), "the hall");
  }));

Deno.test("a GGUF with a comma in its path is read", () =>
  withGguf({}, async (path) => {
    const moved = join(dirname(path), "a,b.gguf");
    Deno.renameSync(path, moved);
    assert.deepEqual((await openGguf(moved)).config, TINY_CONFIG);
  }));

Deno.test("Llama 3's frequency factors and linear scaling are recognised", async () => {
  const scaling = {
    type: "llama3",
    factor: 32,
    lowFreqFactor: 1,
    highFreqFactor: 4,
    originalMaxPositions: 8192,
  } as const;
  const rope = { headDim: TINY_CONFIG.headDim, ropeTheta: 1e6 };
  const plain = rotaryFrequencies(rope);
  const scaled = rotaryFrequencies({ ...rope, ropeScaling: scaling });
  const factors = plain.map((frequency, i) => frequency / scaled[i]!);
  const withFactors = (values: Float32Array, action: (path: string) => Promise<unknown>) =>
    withTempDir(async (dir) => {
      const { table, data } = tinyGgufTensors(3);
      const whole = new Uint8Array(data.length + values.byteLength);
      whole.set(data);
      whole.set(new Uint8Array(values.buffer), data.length);
      const row = { name: "rope_freqs.weight", dims: [BigInt(values.length)], type: 0 };
      table.push({ ...row, offset: BigInt(data.length) });
      const path = join(dir, "x.gguf");
      const metadata = { ...tinyGgufMetadata(), "llama.rope.freq_base": rope.ropeTheta };
      await Deno.writeFile(path, ggufBytes(metadata, table, whole));
      await action(path);
    });
  await withFactors(Float32Array.from(factors), async (path) => {
    const { config, weights } = await openGguf(path);
    assert.deepEqual(config.ropeScaling, scaling);
    checkTensors(config, weights);
  });
  await withFactors(Float32Array.of(1, 1, 1, 1), async (path) => {
    assert.equal((await openGguf(path)).config.ropeScaling, undefined);
  });
  await withFactors(
    Float32Array.of(1, 2, 3, 4),
    (path) => assertUserError(() => openGguf(path), path, "rope_freqs.weight"),
  );
  const linear = { "llama.rope.scaling.type": "linear", "llama.rope.scaling.factor": 4 };
  await withGguf({ metadata: linear }, async (path) => {
    assert.deepEqual((await openGguf(path)).config.ropeScaling, { type: "linear", factor: 4 });
  });
});

const METADATA: [string, Json, string[]][] = [
  ["unknown architecture", { "general.architecture": "qwen2" }, ['"qwen2"', "llama is"]],
  ["no architecture", { "general.architecture": undefined }, ["architecture null"]],
  ["mixture of experts", { "llama.expert_count": 8 }, ["llama.expert_count 8"]],
  ["sharded file", { "split.count": 3 }, ["split.count 3"]],
  ["missing key", { "llama.block_count": undefined }, ['"llama.block_count" is missing']],
  ["zero layers", { "llama.block_count": 0 }, ['"llama.block_count" is 0']],
  ["a billion layers", { "llama.block_count": 1e9 }, ["1000000000 layers"]],
  ["heads a layer", { "llama.attention.head_count": [2, 2] }, ["llama.attention.head_count"]],
  ["partial rotary", { "llama.rope.dimension_count": 4 }, ["llama.rope.dimension_count 4"]],
  ["yarn", { "llama.rope.scaling.type": "yarn" }, ['"yarn"']],
  ["uneven heads", { "llama.attention.head_count_kv": 3 }, ["2 query heads", "3 key heads"]],
  ["other width", { "llama.feed_forward_length": 48 }, ["gate_proj.weight", "[32,16]", "[48,16]"]],
  ["more layers", { "llama.block_count": 3 }, ['"model.layers.2.input_layernorm.weight"']],
  ["fewer layers", { "llama.block_count": 1 }, ['"model.layers.1.', "no place"]],
];

for (const [what, metadata, texts] of METADATA) {
  Deno.test(`metadata that do not fit are one error: ${what}`, () =>
    withGguf({ metadata }, (path) => assertUserError(() => openModel(path), path, ...texts)));
}

const first = (change: Partial<RawTensor>) => (table: RawTensor[]) =>
  table.map((row, i) => i === 0 ? { ...row, ...change } : row);

const TABLES: [string, (table: RawTensor[]) => RawTensor[], string[]][] = [
  ["offset beyond the file", first({ offset: 1n << 40n }), ['"token_embd.weight"', "beyond"]],
  ["offset near 2^64", first({ offset: (1n << 64n) - 1n }), ['"token_embd.weight"', "beyond"]],
  ["huge dimensions", first({ dims: [1n << 31n, 1n << 31n] }), ['"token_embd.weight"']],
  ["dimensions near 2^64", first({ dims: [(1n << 64n) - 1n] }), ["token_embd.weight"]],
  ["zero dimension", first({ dims: [16n, 0n] }), ['"token_embd.weight"', "[0,16]"]],
  ["no dimensions", first({ dims: [] }), ['"token_embd.weight"', "shape []"]],
  ["five dimensions", first({ dims: [16n, 1n, 1n, 1n, 1n] }), ['"token_embd.weight"', "shape"]],
  ["a hundred dimensions", first({ dims: Array(100).fill(1n) }), ["n_dims 100"]],
  ["type that is not read", first({ type: 10 }), ['"token_embd.weight"', "Q2_K", "Q4_K"]],
  ["unknown type", first({ type: 999 }), ['"token_embd.weight"', "number 999"]],
  ["rows that are no blocks", first({ type: 2 }), ['"token_embd.weight"', "blocks of 32"]],
  ["empty name", first({ name: "" }), ["no name"]],
  ["foreign tensor", first({ name: "blk.0.attn_q.bias" }), ['"blk.0.attn_q.bias"', "no place"]],
  ["twice", (table) => [...table, table[0]!], ['"token_embd.weight"', "twice"]],
  ["overlap", (table) => [...table.slice(0, -1), { ...table.at(-1)!, offset: 8n }], ["overlaps"]],
  ["missing tensor", (table) => table.slice(0, -1), ["is missing"]],
];

for (const [what, table, texts] of TABLES) {
  Deno.test(`a lying tensor table is one error: ${what}`, () =>
    withGguf({ table }, (path) => assertUserError(() => openModel(path), path, ...texts)));
}

Deno.test("truncated files and other files are errors", async () => {
  for (const bytes of [0, 3, 10, 24, 200, 5000, 9000, 20000]) {
    await withGguf({ bytes }, (path) => assertUserError(() => openModel(path), path));
  }
  await withTempDir(async (dir) => {
    const path = join(dir, "x.gguf");
    await Deno.writeTextFile(path, "GGML".padEnd(4000, "x"));
    await assertUserError(() => openGguf(path), path, "no GGUF file");
    await assertUserError(() => openGguf(join(dir, "absent.gguf")), "cannot be read");
  });
});

Deno.test({
  name: "SmolLM2's weights are complete, and a tensor is read without reading the others",
  ignore: smollm2Path === undefined,
  async fn() {
    const { config, weights } = await openGguf(smollm2Path!);
    checkTensors(config, weights);
    assert.equal(config.layers, 30);
    assert.equal(config.rmsNormEps, 1e-5);
    const norm = await weights.read("model.norm.weight");
    assert.equal(norm.length, 576);
    assert.ok(norm.every((value) => Number.isFinite(value)));
  },
});
