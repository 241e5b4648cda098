import { existsSync } from "node:fs";
import { join } from "node:path";
import { engine } from "../../engine/tensorflow.ts";
import { openSafetensors } from "../../policy/io/safetensors.ts";
import { writeSafetensors } from "../../policy/io/safetensors_writer.ts";
import { LanguageModel } from "../../policy/language_model.ts";
import { exportParameters, loadParameters } from "../../policy/parameters.ts";
import { sftKey, type SmallLanguageSetting } from "./setting.ts";
import { trainSft } from "./train_sft.ts";
import { worldModelConfig } from "./world_model.ts";

/** The file of an SFT model. Backends round differently, so each keeps its own. */
function sftPath(setting: SmallLanguageSetting, seed: number, cache: string): string {
  const { backend } = engine().info;
  return join(cache, `${backend}-${sftKey(setting, seed).slice(0, 32)}.safetensors`);
}

/**
 * The SFT model of a setting and seed: read from the cache, or trained and put there. The model is
 * the caller's to dispose. What is read is bit for bit what was trained.
 */
export async function openSftModel(
  setting: SmallLanguageSetting,
  seed: number,
  cache: string,
): Promise<LanguageModel> {
  const path = sftPath(setting, seed, cache);
  const config = worldModelConfig(setting);
  if (!existsSync(path)) {
    const { model } = await trainSft(setting, seed);
    await Deno.mkdir(cache, { recursive: true });
    await writeSafetensors(path, await exportParameters(config, model.base));
    model.dispose();
  }
  return new LanguageModel(config, await loadParameters(config, await openSafetensors(path)));
}
