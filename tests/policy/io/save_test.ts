import assert from "node:assert/strict";
import { join } from "node:path";
import { openModel } from "../../../lib/policy/io/load.ts";
import type { ModelFiles } from "../../../lib/policy/io/model_files.ts";
import type { HostTensor } from "../../../lib/policy/io/safetensors_writer.ts";
import { saveModelFolder } from "../../../lib/policy/io/save.ts";
import { withTempDir } from "../../support/temp_dir.ts";
import { ggufBytes, tinyGgufMetadata, tinyGgufTensors } from "../../support/tiny_gguf.ts";
import { makeTinyModelFolder } from "../../support/tiny_model.ts";

async function tensorsOf(model: ModelFiles): Promise<Map<string, HostTensor>> {
  const tensors = new Map<string, HostTensor>();
  for (const name of model.weights.names) {
    const data = await model.weights.read(name);
    tensors.set(name, { shape: model.weights.shape(name), data });
  }
  return tensors;
}

const save = async (model: ModelFiles, dir: string) =>
  await saveModelFolder(dir, model.config, await tensorsOf(model), model.sourceFiles);

Deno.test("a saved folder is the same model, bit for bit, and saves to the same bytes", () =>
  withTempDir(async (dir) => {
    const [source, copy, again] = ["source", "copy", "again"].map((name) => join(dir, name));
    await makeTinyModelFolder(source!, { seed: 9, config: { tieEmbeddings: false } });
    await Deno.writeTextFile(join(source!, "chat_template.jinja"), "hello");
    const model = await openModel(source!);
    await save(model, copy!);
    const reopened = await openModel(copy!);
    assert.deepEqual(reopened.config, model.config);
    assert.deepEqual(await tensorsOf(reopened), await tensorsOf(model));
    assert.equal(reopened.fingerprint, model.fingerprint);
    assert.equal(reopened.tokenizer.fingerprint, model.tokenizer.fingerprint);
    assert.equal(reopened.tokenizer.applyChatTemplate([]), "hello");
    await save(reopened, again!);
    for (const { name } of Deno.readDirSync(copy!)) {
      const bytes = await Deno.readFile(join(copy!, name));
      assert.deepEqual(await Deno.readFile(join(again!, name)), bytes, name);
    }
  }));

Deno.test("a GGUF is saved as a Hugging Face folder with its tokenizer", () =>
  withTempDir(async (dir) => {
    const path = join(dir, "tiny.gguf");
    const { table, data } = tinyGgufTensors(4);
    await Deno.writeFile(path, ggufBytes(tinyGgufMetadata(), table, data));
    const model = await openModel(path);
    await save(model, join(dir, "saved"));
    const reopened = await openModel(join(dir, "saved"));
    assert.deepEqual(reopened.config, model.config);
    assert.deepEqual(await tensorsOf(reopened), await tensorsOf(model));
    assert.deepEqual(reopened.tokenizer.stopTokenIds, model.tokenizer.stopTokenIds);
    const text = "<|im_start|>user\nthe hall 12 ½<|im_end|>";
    assert.deepEqual(reopened.tokenizer.encode(text), model.tokenizer.encode(text));
    const messages = [{ role: "user", content: "Hi" }];
    assert.equal(
      reopened.tokenizer.applyChatTemplate(messages),
      model.tokenizer.applyChatTemplate(messages),
    );
    const config = JSON.parse(await Deno.readTextFile(join(dir, "saved", "config.json")));
    assert.deepEqual([config.bos_token_id, config.eos_token_id, config.pad_token_id], [1, 2, 0]);
  }));
