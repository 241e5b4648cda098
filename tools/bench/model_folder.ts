import type { ModelConfig } from "../../lib/policy/config.ts";
import { parseHfConfig } from "../../lib/policy/io/hf_config.ts";
import { openSafetensorsFolder } from "../../lib/policy/io/safetensors.ts";
import type { WeightSource } from "../../lib/policy/weights.ts";

/** A Hugging Face folder without its tokenizer: the benchmark's batches are token ids. */
export async function openModelFolder(
  folder: string,
): Promise<{ config: ModelConfig; weights: WeightSource }> {
  const path = `${folder}/config.json`;
  const config = parseHfConfig(JSON.parse(await Deno.readTextFile(path)), path);
  return { config, weights: await openSafetensorsFolder(folder) };
}
