import assert from "node:assert/strict";
import { join } from "node:path";
import { openModel } from "../../../lib/policy/io/load.ts";
import { writeSafetensors } from "../../../lib/policy/io/safetensors_writer.ts";
import { assertUserError } from "../../support/errors.ts";
import { withTempDir } from "../../support/temp_dir.ts";
import { makeTinyModelFolder, TINY_TOKENS, tinyTensors } from "../../support/tiny_model.ts";

const edit = async (path: string, change: (json: Record<string, unknown>) => unknown) => {
  const json = JSON.parse(await Deno.readTextFile(path));
  change(json);
  await Deno.writeTextFile(path, JSON.stringify(json));
};

Deno.test("a Hugging Face folder gives configuration, weights and tokenizer", () =>
  withTempDir(async (dir) => {
    const config = await makeTinyModelFolder(dir, { seed: 5, config: { tieEmbeddings: false } });
    const model = await openModel(dir);
    assert.deepEqual(model.config, config);
    assert.equal(model.origin, dir);
    for (const [name, { shape, data }] of tinyTensors(config, 5)) {
      assert.deepEqual(model.weights.shape(name), shape);
      assert.deepEqual(await model.weights.read(name), data);
    }
    assert.equal(model.tokenizer.eosTokenId, TINY_TOKENS.end);
    assert.ok(model.tokenizer.hasChatTemplate);
    assert.deepEqual([...model.sourceFiles.keys()], [
      "config.json",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
  }));

Deno.test("stop tokens are the tokenizer's and those of the generation configuration", () =>
  withTempDir(async (dir) => {
    await makeTinyModelFolder(dir, { seed: 5 });
    await Deno.writeTextFile(join(dir, "generation_config.json"), '{"eos_token_id": [2, 0]}');
    assert.deepEqual((await openModel(dir)).tokenizer.stopTokenIds, [0, 2]);
  }));

Deno.test("the fingerprint is that of configuration and weights", () =>
  withTempDir(async (dir) => {
    const fingerprint = async (name: string, seed: number, theta: number) => {
      const folder = join(dir, name);
      await makeTinyModelFolder(folder, { seed, config: { ropeTheta: theta } });
      return (await openModel(folder)).fingerprint;
    };
    const first = await fingerprint("a", 1, 10000);
    assert.match(first, /^[0-9a-f]{64}$/);
    assert.equal(await fingerprint("b", 1, 10000), first);
    assert.notEqual(await fingerprint("c", 2, 10000), first);
    assert.notEqual(await fingerprint("d", 1, 20000), first);
  }));

Deno.test("paths that are no model say what they are", () =>
  withTempDir(async (dir) => {
    const gone = join(dir, "gone");
    await assertUserError(() => openModel(gone), gone, "does not exist");
    await assertUserError(() => openModel(join(dir, "x.gguf")), "x.gguf", "does not exist");
    await assertUserError(() => openModel(""), "does not exist");
    await assertUserError(() => openModel(dir), dir, "config.json");
    const text = join(dir, "model.txt");
    await Deno.writeTextFile(text, "?");
    await assertUserError(() => openModel(text), text, ".gguf");
    await Deno.writeTextFile(join(dir, "adapter_config.json"), "{}");
    await assertUserError(() => openModel(dir), dir, "LoRA adapter", "--adapter");
  }));

Deno.test("a folder with a wrong file names the file", () =>
  withTempDir(async (dir) => {
    const path = (name: string) => join(dir, name);
    const spoil = async (action: () => Promise<unknown>, ...texts: string[]) => {
      await makeTinyModelFolder(dir, { seed: 1 });
      await action();
      await assertUserError(() => openModel(dir), ...texts);
    };
    await spoil(() => Deno.writeTextFile(path("config.json"), "{"), path("config.json"), "JSON");
    await spoil(() => Deno.remove(path("tokenizer.json")), dir, "tokenizer.json");
    await spoil(() => Deno.writeTextFile(path("tokenizer.json"), "[]"), path("tokenizer.json"));
    await spoil(() => Deno.writeTextFile(path("tokenizer.json"), "{}"), "tokenizer.json");
    await spoil(() => Deno.remove(path("model.safetensors")), dir, "model.safetensors");
    await spoil(
      () => edit(path("config.json"), (json) => json.num_hidden_layers = 3),
      '"model.layers.2.input_layernorm.weight" is missing',
    );
    await spoil(
      () => edit(path("config.json"), (json) => json.vocab_size = 271),
      '"model.embed_tokens.weight" is [270,16]',
    );
    await spoil(
      () => edit(path("config.json"), (json) => json.tie_word_embeddings = false),
      '"lm_head.weight" is missing',
    );
  }));

Deno.test("biases and other tensors that would be ignored are refused", () =>
  withTempDir(async (dir) => {
    const config = await makeTinyModelFolder(dir, { seed: 1 });
    const tensors = tinyTensors(config, 1);
    const extra = (name: string) =>
      writeSafetensors(
        join(dir, "model.safetensors"),
        new Map([...tensors, [name, { shape: [1], data: new Float32Array(1) }]]),
      );
    await extra("model.layers.0.self_attn.q_proj.bias");
    await assertUserError(() => openModel(dir), '"model.layers.0.self_attn.q_proj.bias"');
    await extra("model.layers.0.self_attn.rotary_emb.inv_freq");
    await openModel(dir);
  }));

Deno.test("a tokenizer larger than the embedding table is refused", () =>
  withTempDir(async (dir) => {
    await makeTinyModelFolder(dir, { seed: 1, config: { vocabSize: 200 } });
    await assertUserError(() => openModel(dir), dir, "270 tokens", "200");
  }));
