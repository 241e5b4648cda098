import { join } from "node:path";
import { engine } from "../../engine/tensorflow.ts";
import { messageOf } from "../../errors.ts";
import { writeDurably } from "../../files/durable_file.ts";
import type { HostTensor } from "../../policy/io/safetensors_writer.ts";
import { LanguageModel } from "../../policy/language_model.ts";
import { exportParameters, loadParameters } from "../../policy/parameters.ts";
import type { WeightSource } from "../../policy/weights.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../storage/checkpoint_file.ts";
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
  warn: (message: string) => void = (message) => console.error(`warning: ${message}`),
): Promise<LanguageModel> {
  const path = sftPath(setting, seed, cache);
  const config = worldModelConfig(setting);
  const known = readCached(path, warn);
  if (known !== undefined) {
    return new LanguageModel(config, await loadParameters(config, weightsOf(path, known)));
  }
  const { model } = await trainSft(setting, seed);
  const tensors = await exportParameters(config, model.base);
  model.dispose();
  try {
    writeDurably(path, encodeCheckpoint({ position: 0, tensors, state: {} }));
  } catch (error) {
    warn(`the SFT model is not kept: ${messageOf(error)}`);
  }
  // From the same values as later processes, which read them.
  return new LanguageModel(config, await loadParameters(config, weightsOf(path, tensors)));
}

function readCached(
  path: string,
  warn: (message: string) => void,
): ReadonlyMap<string, HostTensor> | undefined {
  try {
    return decodeCheckpoint(Deno.readFileSync(path)).tensors;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    warn(`cached SFT model ${path} cannot be used (${messageOf(error)}); training it anew`);
    try {
      Deno.renameSync(path, `${path}.damaged`);
    } catch {
      // Where it cannot be set aside it cannot be replaced either.
    }
    return undefined;
  }
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
