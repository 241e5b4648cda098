import { join } from "node:path";
import { writeDurably } from "../../files/durable_file.ts";
import type { ModelConfig } from "../config.ts";
import { parseJsonObject } from "./files.ts";
import { toHfConfig } from "./hf_config.ts";
import { type HostTensor, writeSafetensors } from "./safetensors_writer.ts";

/**
 * Saves a model as a Hugging Face folder that transformers loads: config.json,
 * model.safetensors (float32) and the tokenizer's files.
 *
 * config.json is written last: a folder without it is not taken for a model.
 *
 * @param sourceFiles `sourceFiles` of the model it was trained from
 */
export async function saveModelFolder(
  dir: string,
  config: ModelConfig,
  tensors: ReadonlyMap<string, HostTensor>,
  sourceFiles: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
): Promise<void> {
  await writeSafetensors(join(dir, "model.safetensors"), tensors);
  for (const [name, bytes] of sourceFiles) {
    if (name !== "config.json") writeDurably(join(dir, name), [bytes]);
  }
  const source = sourceFiles.get("config.json");
  const json = toHfConfig(
    config,
    source && parseJsonObject(new TextDecoder().decode(source), "config.json"),
  );
  const text = JSON.stringify(json, null, 2) + "\n";
  writeDurably(join(dir, "config.json"), [new TextEncoder().encode(text)]);
}
