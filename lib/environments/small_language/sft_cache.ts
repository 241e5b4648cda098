import { join } from "node:path";
import { engine } from "../../engine/tensorflow.ts";
import type { HostTensor } from "../../policy/io/safetensors_writer.ts";
import { LanguageModel } from "../../policy/language_model.ts";
import { exportParameters, loadParameters } from "../../policy/parameters.ts";
import type { WeightSource } from "../../policy/weights.ts";
import { type CacheWarning, readCached, warnOnStderr, writeCached } from "../cached_checkpoint.ts";
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
 * the caller's to dispose. What is read is bit for bit what was trained: the file carries its own
 * SHA-256, a damaged one is named, set aside and made again. Any number of processes may share the
 * cache; one that cannot be written costs the training, no more.
 */
export async function openSftModel(
  setting: SmallLanguageSetting,
  seed: number,
  cache: string,
  warn: CacheWarning = warnOnStderr,
): Promise<LanguageModel> {
  const path = sftPath(setting, seed, cache);
  const config = worldModelConfig(setting);
  const known = readCached(path, "SFT model", warn)?.tensors;
  if (known !== undefined) {
    return new LanguageModel(config, await loadParameters(config, weightsOf(path, known)));
  }
  const { model } = await trainSft(setting, seed);
  const tensors = await exportParameters(config, model.base);
  model.dispose();
  writeCached(path, "SFT model", { position: 0, tensors, state: {} }, warn);
  // From the same values as later processes, which read them.
  return new LanguageModel(config, await loadParameters(config, weightsOf(path, tensors)));
}

function weightsOf(origin: string, tensors: ReadonlyMap<string, HostTensor>): WeightSource {
  const find = (name: string): HostTensor => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new Error(`${origin}: tensor "${name}" is missing`);
    return tensor;
  };
  return {
    origin,
    names: [...tensors.keys()],
    shape: (name) => find(name).shape,
    read: (name) => Promise.resolve(find(name).data),
  };
}
