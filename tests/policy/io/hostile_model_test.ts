/** Model folders, weights and adapters that are damaged or made to do harm. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openModel } from "../../../lib/policy/io/load.ts";
import { loadLoraAdapter, loraTensorName, saveLoraAdapter } from "../../../lib/policy/io/peft.ts";
import { type HostTensor, writeSafetensors } from "../../../lib/policy/io/safetensors_writer.ts";
import { loadParameters } from "../../../lib/policy/parameters.ts";
import { loadEngine } from "../../../lib/engine/tensorflow.ts";
import { assertUserError } from "../../support/errors.ts";
import { withTempDir } from "../../support/temp_dir.ts";
import { ggufBytes, tinyGgufMetadata, tinyGgufTensors } from "../../support/tiny_gguf.ts";
import { makeTinyModelFolder, TINY_CONFIG, tinyTensors } from "../../support/tiny_model.ts";
import { cpuSeconds } from "../../support/cpu_seconds.ts";

/** A tiny model's folder inside another folder. */
const withModel = (action: (folder: string, outside: string) => Promise<void>) => () =>
  withTempDir(async (dir) => {
    const folder = join(dir, "model");
    await makeTinyModelFolder(folder, { seed: 1 });
    await action(folder, dir);
  });

async function edit(path: string, changes: Record<string, unknown>): Promise<void> {
  const json = JSON.parse(await Deno.readTextFile(path));
  await Deno.writeTextFile(path, JSON.stringify({ ...json, ...changes }));
}

for (const value of [NaN, Infinity, -Infinity]) {
  Deno.test(
    `a weight that is ${value} is refused, in a model and in an adapter`,
    withModel(async (folder, dir) => {
      await loadEngine();
      const tensors = tinyTensors(TINY_CONFIG, 1);
      const name = "model.layers.1.mlp.up_proj.weight";
      (tensors.get(name) as HostTensor).data[5] = value;
      await writeSafetensors(join(folder, "model.safetensors"), tensors);
      const { config, weights } = await openModel(folder);
      await assertUserError(
        () => loadParameters(config, weights),
        name,
        `holds ${value} (value 5)`,
      );
      const a = loraTensorName(TINY_CONFIG, 0, "self_attn.k_proj", "A");
      const adapter = new Map<string, HostTensor>();
      for (const layer of [0, 1]) {
        adapter.set(loraTensorName(TINY_CONFIG, layer, "self_attn.k_proj", "A"), {
          shape: [1, 16],
          data: new Float32Array(16).fill(layer === 0 ? value : 1),
        });
        adapter.set(loraTensorName(TINY_CONFIG, layer, "self_attn.k_proj", "B"), {
          shape: [8, 1],
          data: new Float32Array(8),
        });
      }
      await saveLoraAdapter(dir, {
        ...{ rank: 1, alpha: 1, dropout: 0, baseModel: "x" },
        ...{ targetModules: ["k_proj"], tensors: adapter },
      });
      await assertUserError(() => loadLoraAdapter(dir, TINY_CONFIG), a, `holds ${value}`);
      for (const method of ["pissa", "pissa_niter_16", "olora", "corda", "loftq", "unheard-of"]) {
        await edit(join(dir, "adapter_config.json"), { init_lora_weights: method });
        await assertUserError(
          () => loadLoraAdapter(dir, TINY_CONFIG),
          "adapter_config.json",
          `init_lora_weights "${method}"`,
        );
      }
    }),
  );
}

Deno.test(
  "tied embeddings: an equal lm_head is fine, another one is refused",
  withModel(async (folder) => {
    await loadEngine();
    const tensors = tinyTensors(TINY_CONFIG, 1);
    const { shape, data } = tensors.get("model.embed_tokens.weight") as HostTensor;
    const write = (head: Float32Array) =>
      writeSafetensors(
        join(folder, "model.safetensors"),
        new Map([...tensors, ["lm_head.weight", { shape, data: head }]]),
      );
    await write(data.slice());
    const same = await openModel(folder);
    await loadParameters(same.config, same.weights);
    await write(data.map((x, i) => i === 7 ? x + 1 : x));
    const other = await openModel(folder);
    await assertUserError(
      () => loadParameters(other.config, other.weights),
      folder,
      "lm_head.weight",
      "tie_word_embeddings",
    );
  }),
);

Deno.test(
  "stop ids outside the vocabulary are refused",
  withModel(async (folder) => {
    for (const id of [270, 1e9, -1]) {
      const path = join(folder, "generation_config.json");
      await Deno.writeTextFile(path, JSON.stringify({ eos_token_id: [2, id] }));
      await assertUserError(() => openModel(folder), folder, `token ${id} is outside`);
    }
  }),
);

Deno.test("GGUF: absurd alignment, blk.00 beside blk.0, stop ids and scales out of range", () =>
  withTempDir(async (dir) => {
    const path = join(dir, "tiny.gguf");
    const open = async (metadata: Record<string, unknown>, rename?: [string, string]) => {
      const { table, data } = tinyGgufTensors(3);
      const row = table.find(({ name }) => name === rename?.[0]);
      if (row !== undefined && rename !== undefined) table.push({ ...row, name: rename[1] });
      await Deno.writeFile(path, ggufBytes({ ...tinyGgufMetadata(), ...metadata }, table, data));
      return await openModel(path);
    };
    for (const alignment of [3, 48, 2 ** 31]) {
      await assertUserError(
        () => open({ "general.alignment": alignment }),
        path,
        `general.alignment ${alignment}`,
      );
    }
    await assertUserError(
      () => open({}, ["blk.0.attn_norm.weight", "blk.00.attn_norm.weight"]),
      path,
    );
    for (const name of ["eos", "eot", "bos"]) {
      await assertUserError(
        () => open({ [`tokenizer.ggml.${name}_token_id`]: 999 }),
        path,
        /999/,
      );
    }
  }));

const SIDECARS = [
  "config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "generation_config.json",
];

Deno.test({
  name: "pipes, devices and links out of the folder are refused, whatever file they stand for",
  ignore: Deno.build.os === "windows",
  fn: withModel(async (folder, dir) => {
    const secret = join(dir, "secret.json");
    await Deno.writeTextFile(secret, "{}");
    for (const name of [...SIDECARS, "model.safetensors", "vocab.json"]) {
      const path = join(folder, name);
      const before = await Deno.readFile(path).catch(() => undefined);
      const replace = async (make: () => Promise<unknown>) => {
        await Deno.remove(path).catch(() => {});
        await make();
        await assertUserError(() => openModel(folder), name);
      };
      await replace(() => new Deno.Command("mkfifo", { args: [path] }).output());
      await replace(() => Deno.symlink("/dev/zero", path));
      await replace(() => Deno.symlink(secret, path));
      await replace(() => Deno.symlink("../secret.json", path));
      await Deno.remove(path);
      if (before !== undefined) await Deno.writeFile(path, before);
    }
    await openModel(folder);
  }),
});

Deno.test(
  "links as in the Hugging Face cache, and within the folder, are followed",
  withModel(async (folder, dir) => {
    const snapshot = join(dir, "hub", "snapshots", "0123456789abcdef");
    const blobs = join(dir, "hub", "blobs");
    await Deno.mkdir(snapshot, { recursive: true });
    await Deno.mkdir(blobs);
    for (const { name } of Deno.readDirSync(folder)) {
      await Deno.copyFile(join(folder, name), join(blobs, `${name}-blob`));
      await Deno.symlink(`../../blobs/${name}-blob`, join(snapshot, name));
    }
    const { fingerprint } = await openModel(folder);
    assert.equal((await openModel(snapshot)).fingerprint, fingerprint);
  }),
);

Deno.test(
  "JSON of 20,000 levels and a pattern that backtracks for ever are errors within a second or two",
  withModel(async (folder) => {
    const path = join(folder, "tokenizer.json");
    const text = await Deno.readTextFile(path);
    for (const [open, close] of [["[", "]"], ['{"a":', "}"]] as const) {
      const deep = `${open.repeat(20_000)}1${close.repeat(20_000)}`;
      await Deno.writeTextFile(path, text.replace("{", `{"x": ${deep},`));
      await assertUserError(() => openModel(folder), "tokenizer.json", "deeper than 100 levels");
    }
    await Deno.writeTextFile(path, text);
    const pattern = { Regex: "^(a+)+$" };
    await edit(path, {
      pre_tokenizer: { type: "Split", pattern, behavior: "Isolated", invert: false },
    });
    const start = cpuSeconds();
    await assertUserError(() => openModel(folder), folder, "the tokenizer takes more than 0.4 s");
    const used = cpuSeconds() - start;
    assert.ok(used < 2, `it took ${used} s`);
  }),
);

Deno.test(
  "a text of a hundred million characters is refused, not cut into tokens",
  withModel(async (folder) => {
    const { tokenizer } = await openModel(folder);
    await assertUserError(() => tokenizer.encode("a ".repeat(50_000_000)), "too long");
  }),
);
