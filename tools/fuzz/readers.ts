import { join } from "node:path";
import { parquetRows } from "../../lib/data/parquet_rows.ts";
import { readPreferences } from "../../lib/data/read_preferences.ts";
import { projectRoot } from "../../lib/engine/layout.ts";
import { UserError } from "../../lib/errors.ts";
import { sealJson, unsealJson } from "../../lib/files/sealed_json.ts";
import { parseJsonObject, readJsonObject } from "../../lib/policy/io/files.ts";
import { ggufModel, openGguf } from "../../lib/policy/io/gguf.ts";
import { checkGguf } from "../../lib/policy/io/gguf_header.ts";
import { parseGguf } from "../../lib/policy/io/gguf_parse.ts";
import { parseHfConfig } from "../../lib/policy/io/hf_config.ts";
import { loadLoraAdapter } from "../../lib/policy/io/peft.ts";
import { openSafetensors } from "../../lib/policy/io/safetensors.ts";
import { finiteWeights, modelWeights } from "../../lib/policy/io/validated_weights.ts";
import type { WeightSource } from "../../lib/policy/weights.ts";
import { CorruptCheckpoint, decodeCheckpoint } from "../../lib/storage/checkpoint_file.ts";
import { parseRecord } from "../../lib/study/record.ts";
import { compileChatTemplate } from "../../lib/text/chat_template.ts";
import { tokenizerFilesFromGguf } from "../../lib/text/gguf_tokenizer.ts";
import { createHfTokenizer } from "../../lib/text/hf_tokenizer.ts";
import { UnreadableFile } from "./outcome.ts";

/** One reader of foreign files, as the fuzzer drives it. */
export interface FuzzReader {
  /** Sound files that are changed, relative to the project. */
  readonly seeds: readonly string[];
  /** Other files that lie beside the changed one. */
  readonly beside?: readonly string[];
  /**
   * Reads all of the file. What it returns are numbers that reached the program from the file's
   * weights.
   */
  readonly read: (path: string) => Promise<Iterable<Float32Array> | void>;
  /** The same through the sandbox, where the reader proper has no limits of its own. */
  readonly sandboxed?: (path: string) => Promise<unknown>;
}

const SEEDS = "tests/fuzz/seeds";
const PARQUET = "tests/data/parquet";
const TEMPLATES = "tests/fuzz/seeds/templates";

const all = async (weights: WeightSource): Promise<Float32Array[]> =>
  await Promise.all(weights.names.map((name) => weights.read(name)));

const textOf = (path: string) => new TextDecoder().decode(Deno.readFileSync(path));

/** The readers by the name that `--reader` takes. */
export const readers: Readonly<Record<string, FuzzReader>> = {
  safetensors: {
    seeds: [`${SEEDS}/model.safetensors`],
    read: async (path) => await all(finiteWeights(await openSafetensors(path))),
  },
  gguf: {
    seeds: [`${SEEDS}/tiny.gguf`],
    read: async (path) => {
      for await (const parsed of unsandboxed(parseGguf(path))) {
        const header = checkGguf(path, Deno.statSync(path).size, parsed);
        const { config, weights, metadata } = await ggufModel(path, header);
        const { tokenizer, tokenizerConfig } = tokenizerFilesFromGguf(metadata, path);
        createHfTokenizer({ origin: path, tokenizer, tokenizerConfig, eosTokenIds: [] });
        return await all(modelWeights(config, weights));
      }
    },
    sandboxed: openGguf,
  },
  jsonl: {
    seeds: [`${SEEDS}/standard.jsonl`, `${SEEDS}/conversational.jsonl`],
    read: async (path) => void await readPreferences(path),
  },
  parquet: {
    seeds: [
      "conversational",
      "conversational_plain",
      ...["none", "snappy", "zstd", "gzip"].map(
        (codec) => `standard_${codec}`,
      ),
    ].map((name) => `${PARQUET}/${name}.parquet`),
    read: async (path) => {
      for await (const _part of unsandboxed(parquetRows(path, ["prompt", "chosen", "rejected"])));
    },
    sandboxed: (path) => readPreferences(path),
  },
  tokenizer: {
    seeds: [`${SEEDS}/tokenizer.json`],
    read: async (path) => {
      const tokenizer = await readJsonObject(path);
      const tokenizerConfig = { eos_token: "<|im_end|>" };
      const made = createHfTokenizer({ origin: path, tokenizer, tokenizerConfig });
      for (const text of ["the hall", "1234  \n\n漢字 é", "a".repeat(500), "<|im_end|>"]) {
        made.decode(made.encode(text));
      }
    },
  },
  config: {
    seeds: [`${SEEDS}/config.json`],
    read: async (path) => void parseHfConfig(await readJsonObject(path), path),
  },
  template: {
    seeds: ["chatml", "checks", "tools"].map((name) => `${TEMPLATES}/${name}.jinja`),
    read: (path) => {
      const render = compileChatTemplate(
        textOf(path),
        { bos_token: "<s>", eos_token: "</s>" },
        path,
      );
      const messages = [
        { role: "system", content: "Be kind." },
        { role: "user", content: "Hello?" },
        { role: "assistant", content: "Yes." },
      ];
      for (const addGenerationPrompt of [true, false]) render(messages, { addGenerationPrompt });
      return Promise.resolve();
    },
  },
  adapter: {
    seeds: [`${SEEDS}/adapter_config.json`, `${SEEDS}/adapter_model.safetensors`],
    beside: [`${SEEDS}/adapter_config.json`, `${SEEDS}/adapter_model.safetensors`],
    read: async (path) => {
      const model = parseHfConfig(
        await readJsonObject(join(projectRoot, SEEDS, "config.json")),
        path,
      );
      const { tensors } = await loadLoraAdapter(join(path, ".."), model);
      return [...tensors.values()].map(({ data }) => data);
    },
  },
  record: {
    seeds: [`${SEEDS}/record.jsonl`],
    read: (path) => {
      for (const line of textOf(path).split("\n")) if (line !== "") parseRecord(line, path);
      const sealed = sealJson(parseJsonObject(textOf(`${projectRoot}${SEEDS}/config.json`), path));
      unsealJson(sealed);
      return Promise.resolve();
    },
  },
  checkpoint: {
    seeds: [`${SEEDS}/checkpoint.safetensors`],
    read: (path) => {
      try {
        decodeCheckpoint(Deno.readFileSync(path));
      } catch (error) {
        // The typed error of this reader, which the store turns into a warning.
        throw error instanceof CorruptCheckpoint ? new UserError(error.message) : error;
      }
      return Promise.resolve();
    },
  },
};

/** The reader proper throws what `readInSandbox` makes a `UserError` of: so does this. */
async function* unsandboxed<T>(values: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* values;
  } catch (error) {
    throw new UnreadableFile(error);
  }
}
