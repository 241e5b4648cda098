import { join } from "node:path";
import { UserError } from "../../errors.ts";
import { createHfTokenizer } from "../../text/hf_tokenizer.ts";
import type { TextTokenizer } from "../../text/tokenizer.ts";
import type { ModelConfig } from "../config.ts";
import { exists, parseJsonObject, readInFolder } from "./files.ts";
import { parseHfConfig } from "./hf_config.ts";
import { type FileWeights, openSafetensorsFolder } from "./safetensors.ts";

/** Files of a Hugging Face folder besides the weights that we read or carry along. */
export const SIDECAR_FILES: readonly string[] = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "chat_template.jinja",
  "vocab.json",
  "merges.txt",
  "tokenizer.model",
];

/** A Hugging Face folder, opened. */
export interface HfFolder {
  readonly config: ModelConfig;
  readonly weights: FileWeights;
  readonly tokenizer: TextTokenizer;
  readonly sourceFiles: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/**
 * Opens a folder with config.json, tokenizer.json and safetensors. Throws `UserError` naming the
 * file that is missing or wrong.
 */
export async function openHfFolder(folder: string): Promise<HfFolder> {
  const files = await readSidecars(folder);
  const configJson = files.json("config.json");
  if (configJson === undefined) {
    const isAdapter = await exists(join(folder, "adapter_config.json"));
    throw new UserError(
      isAdapter
        ? `${folder}: is a LoRA adapter, not a model; give its base model, and the folder as --adapter`
        : `${folder}: has no config.json, so it is no Hugging Face model folder`,
    );
  }
  const config = parseHfConfig(configJson, join(folder, "config.json"));
  const weights = await openSafetensorsFolder(folder);
  return { config, weights, tokenizer: tokenizerOf(folder, files), sourceFiles: files.sourceFiles };
}

/** A folder's tokenizer, where it needs no weights. Throws as `openHfFolder`. */
export async function openHfTokenizer(folder: string): Promise<TextTokenizer> {
  return tokenizerOf(folder, await readSidecars(folder));
}

interface Sidecars {
  readonly sourceFiles: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  readonly text: (name: string) => string | undefined;
  readonly json: (name: string) => Record<string, unknown> | undefined;
}

async function readSidecars(folder: string): Promise<Sidecars> {
  const sourceFiles = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const name of SIDECAR_FILES) {
    const path = join(folder, name);
    if (await exists(path)) sourceFiles.set(name, await readInFolder(folder, name));
  }
  const text = (name: string): string | undefined => {
    const bytes = sourceFiles.get(name);
    return bytes && new TextDecoder().decode(bytes);
  };
  const json = (name: string): Record<string, unknown> | undefined => {
    const content = text(name);
    return content === undefined ? undefined : parseJsonObject(content, join(folder, name));
  };
  return { sourceFiles, text, json };
}

function tokenizerOf(folder: string, { text, json }: Sidecars): TextTokenizer {
  const tokenizer = json("tokenizer.json");
  if (tokenizer === undefined) {
    throw new UserError(`${folder}: has no tokenizer.json (other tokenizer formats are not read)`);
  }
  const eosTokenIds = [json("generation_config.json"), json("config.json")]
    .flatMap((record) => record?.eos_token_id ?? [])
    .filter((id): id is number => Number.isSafeInteger(id));
  return createHfTokenizer({
    origin: folder,
    tokenizer,
    tokenizerConfig: json("tokenizer_config.json") ?? {},
    chatTemplate: text("chat_template.jinja"),
    eosTokenIds,
  });
}
