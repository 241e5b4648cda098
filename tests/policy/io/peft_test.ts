import assert from "node:assert/strict";
import { join } from "node:path";
import {
  loadLoraAdapter,
  type LoraAdapterFile,
  loraTensorName,
  saveLoraAdapter,
} from "../../../lib/policy/io/peft.ts";
import { type HostTensor, writeSafetensors } from "../../../lib/policy/io/safetensors_writer.ts";
import { createPrng } from "../../../lib/random/prng.ts";
import { assertUserError } from "../../support/errors.ts";
import { withTempDir } from "../../support/temp_dir.ts";
import { TINY_CONFIG } from "../../support/tiny_model.ts";

function adapter(): LoraAdapterFile {
  const tensors = new Map<string, HostTensor>();
  const prng = createPrng(0, "adapter");
  const add = (layer: number, target: string, part: "A" | "B", shape: [number, number]) => {
    const data = Float32Array.from({ length: shape[0] * shape[1] }, () => prng.normal());
    tensors.set(loraTensorName(TINY_CONFIG, layer, target, part), { shape, data });
  };
  for (const layer of [0, 1]) {
    add(layer, "self_attn.k_proj", "A", [3, 16]);
    add(layer, "self_attn.k_proj", "B", [8, 3]);
    add(layer, "mlp.down_proj", "A", [3, 32]);
    add(layer, "mlp.down_proj", "B", [16, 3]);
  }
  return {
    rank: 3,
    alpha: 6,
    dropout: 0.05,
    targetModules: ["k_proj", "down_proj"],
    baseModel: "owner/name",
    tensors,
  };
}

Deno.test("an adapter is read back as it was saved, with the same bytes each time", () =>
  withTempDir(async (dir) => {
    const [first, second] = [join(dir, "first"), join(dir, "second")];
    await saveLoraAdapter(first, adapter());
    const loaded = await loadLoraAdapter(first, TINY_CONFIG);
    assert.deepEqual(
      { ...loaded, tensors: new Map([...loaded.tensors].sort()) },
      { ...adapter(), tensors: new Map([...adapter().tensors].sort()) },
    );
    await saveLoraAdapter(second, loaded);
    for (const name of ["adapter_config.json", "adapter_model.safetensors"]) {
      const bytes = await Deno.readFile(join(first, name));
      assert.deepEqual(await Deno.readFile(join(second, name)), bytes);
    }
  }));

Deno.test("a base model of the hub at a revision is written as PEFT writes it", () =>
  withTempDir(async (dir) => {
    const at = { ...adapter(), baseModel: "owner/name@v1.0" };
    await saveLoraAdapter(dir, at);
    const { base_model_name_or_path: base, revision } = JSON.parse(
      await Deno.readTextFile(join(dir, "adapter_config.json")),
    );
    assert.deepEqual([base, revision], ["owner/name", "v1.0"]);
    assert.equal((await loadLoraAdapter(dir, TINY_CONFIG)).baseModel, at.baseModel);
  }));

Deno.test("names and configuration are PEFT's", () =>
  withTempDir(async (dir) => {
    assert.equal(
      loraTensorName(TINY_CONFIG, 7, "self_attn.q_proj", "A"),
      "base_model.model.model.layers.7.self_attn.q_proj.lora_A.weight",
    );
    assert.equal(
      loraTensorName(TINY_CONFIG, 0, "mlp.up_proj", "B"),
      "base_model.model.model.layers.0.mlp.up_proj.lora_B.weight",
    );
    assert.equal(
      loraTensorName({ ...TINY_CONFIG, architecture: "gpt_neox" }, 0, "attention.dense", "A"),
      "base_model.model.gpt_neox.layers.0.attention.dense.lora_A.weight",
    );
    await saveLoraAdapter(dir, adapter());
    const json = JSON.parse(await Deno.readTextFile(join(dir, "adapter_config.json")));
    const { peft_type, task_type, r, lora_alpha, lora_dropout, bias } = json;
    assert.deepEqual(
      { peft_type, task_type, r, lora_alpha, lora_dropout, bias },
      {
        peft_type: "LORA",
        task_type: "CAUSAL_LM",
        r: 3,
        lora_alpha: 6,
        lora_dropout: 0.05,
        bias: "none",
      },
    );
    assert.deepEqual(json.target_modules, ["down_proj", "k_proj"]);
    assert.equal(json.base_model_name_or_path, "owner/name");
  }));

const CONFIGS: [Record<string, unknown>, string[]][] = [
  [{ peft_type: "IA3" }, ['peft_type "IA3"']],
  [{ use_dora: true }, ["use_dora"]],
  [{ use_rslora: true }, ["use_rslora"]],
  [{ bias: "all" }, ['bias "all"']],
  [{ modules_to_save: ["lm_head"] }, ["modules_to_save"]],
  [{ rank_pattern: { q_proj: 4 } }, ["rank_pattern"]],
  [{ target_modules: ["c_attn"] }, ['"c_attn"', "q_proj"]],
  [{ target_modules: ".*_proj" }, [".*_proj"]],
  [{ target_modules: [] }, ["target_modules"]],
  [{ target_modules: ["k_proj"] }, ["down_proj.lora_A.weight", "does not belong"]],
  [{ target_modules: ["k_proj", "down_proj", "q_proj"] }, ["q_proj.lora_A.weight", "missing"]],
  [{ r: 4 }, ["lora_A.weight", "[3,16]", "[4,16]"]],
  [{ r: 0 }, ['"r" is 0']],
  [{ lora_alpha: null }, ['"lora_alpha" is missing']],
  [{ lora_dropout: 1 }, ["lora_dropout 1"]],
];

for (const [change, texts] of CONFIGS) {
  Deno.test(`an adapter that would compute something else is refused: ${JSON.stringify(change)}`, () =>
    withTempDir(async (dir) => {
      await saveLoraAdapter(dir, adapter());
      const path = join(dir, "adapter_config.json");
      const json = JSON.parse(await Deno.readTextFile(path));
      await Deno.writeTextFile(path, JSON.stringify({ ...json, ...change }));
      await assertUserError(() => loadLoraAdapter(dir, TINY_CONFIG), dir, ...texts);
    }));
}

Deno.test("an adapter of another model names the tensor; a missing file is named", () =>
  withTempDir(async (dir) => {
    await saveLoraAdapter(dir, adapter());
    const wider = { ...TINY_CONFIG, intermediateSize: 48 };
    await assertUserError(() => loadLoraAdapter(dir, wider), "down_proj.lora_A", "[3,32]");
    const deeper = { ...TINY_CONFIG, layers: 3 };
    await assertUserError(() => loadLoraAdapter(dir, deeper), "layers.2.", "missing");
    const shallower = { ...TINY_CONFIG, layers: 1 };
    await assertUserError(() => loadLoraAdapter(dir, shallower), "layers.1.");
    await writeSafetensors(join(dir, "adapter_model.safetensors"), new Map());
    await assertUserError(() => loadLoraAdapter(dir, TINY_CONFIG), "lora_A.weight", "missing");
    await Deno.remove(join(dir, "adapter_config.json"));
    await assertUserError(() => loadLoraAdapter(dir, TINY_CONFIG), "adapter_config.json");
  }));
