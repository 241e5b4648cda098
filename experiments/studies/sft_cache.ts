import { existsSync } from "node:fs";
import { join } from "node:path";
import { engine } from "../../lib/engine/tensorflow.ts";
import { projectRoot } from "../../lib/engine/layout.ts";
import { LanguageModel } from "../../lib/policy/language_model.ts";
import { openSafetensors } from "../../lib/policy/io/safetensors.ts";
import { writeSafetensors } from "../../lib/policy/io/safetensors_writer.ts";
import { exportParameters, loadParameters } from "../../lib/policy/parameters.ts";
import { type RunSpec, sftKey } from "./run_config.ts";
import { trainSft } from "./train_sft.ts";
import { worldModelConfig } from "./world_model.ts";

/** Where trained SFT models are kept; git ignores it. */
export const SFT_CACHE = join(projectRoot, ".cache", "sft");

/** The file of a spec's SFT model. Backends round differently, so each keeps its own. */
export function sftPath(spec: RunSpec, backend: string, cache = SFT_CACHE): string {
  return join(cache, `${backend}-${sftKey(spec).slice(0, 32)}.safetensors`);
}

/**
 * A spec's SFT model: read from the cache, or trained and put there. The model is the caller's to
 * dispose. What is read is bit for bit what was trained.
 */
export async function openSftModel(spec: RunSpec, cache = SFT_CACHE): Promise<LanguageModel> {
  const path = sftPath(spec, engine().info.backend, cache);
  const config = worldModelConfig(spec);
  if (!existsSync(path)) {
    const { model } = await trainSft(spec);
    await Deno.mkdir(cache, { recursive: true });
    await writeSafetensors(path, await exportParameters(config, model.base));
    model.dispose();
  }
  return new LanguageModel(config, await loadParameters(config, await openSafetensors(path)));
}
