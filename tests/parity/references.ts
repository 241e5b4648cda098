/** The reference values, and models built from them. */
import { projectRoot } from "../../lib/engine/layout.ts";
import type { TokenizedPair } from "../../lib/data/preference.ts";
import { parseHfConfig } from "../../lib/policy/io/hf_config.ts";
import { loadLoraAdapter } from "../../lib/policy/io/peft.ts";
import { openSafetensorsFolder } from "../../lib/policy/io/safetensors.ts";
import { LanguageModel } from "../../lib/policy/language_model.ts";
import { adapterLayers } from "../../lib/policy/load_policy.ts";
import { buildLora, type LoraConfig } from "../../lib/policy/lora.ts";
import { loadParameters } from "../../lib/policy/parameters.ts";

/** What one step of a trajectory saw; README.md describes every field. */
export interface ReferenceStep {
  readonly learningRate: number;
  readonly loss: number;
  readonly gradientNorm: number;
  readonly chosenLogp: number;
  readonly rejectedLogp: number;
  readonly margin: number;
}

/** A trajectory and the log-probabilities of its pairs after the last step. */
export interface ReferenceTrajectory {
  readonly steps: readonly ReferenceStep[];
  readonly final: { readonly chosenLogps: number[]; readonly rejectedLogps: number[] };
}

/** The LoRA settings of a trajectory; no dropout. */
export interface ReferenceLora {
  readonly rank: number;
  readonly alpha: number;
  readonly targets: readonly string[];
  readonly initScale: number;
}

/** A preference pair as ids. */
export interface ReferencePair {
  readonly prompt: number[];
  readonly chosen: number[];
  readonly rejected: number[];
}

/** The committed values, or those that `deno task parity` has just made. */
export const valuesFolder: string = Deno.env.get("SERA_PARITY_VALUES") ??
  `${projectRoot}tests/parity`;

/** One of the JSON files. */
export async function readReference<T>(name: string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(`${valuesFolder}/${name}.json`)) as T;
}

/** A tiny checkpoint, all of it trainable. The engine must be loaded. */
export async function loadTiny(name: "tiny_llama" | "tiny_llama_tied"): Promise<LanguageModel> {
  const folder = `${valuesFolder}/${name}`;
  const json = JSON.parse(await Deno.readTextFile(`${folder}/config.json`));
  const config = parseHfConfig(json, `${folder}/config.json`);
  return new LanguageModel(
    config,
    await loadParameters(config, await openSafetensorsFolder(folder)),
  );
}

/** A model with the adapter that PEFT saved in `name`, over `base`'s weights. */
export async function withAdapter(base: LanguageModel, name: string): Promise<LanguageModel> {
  const adapter = await loadLoraAdapter(`${valuesFolder}/${name}`, base.config);
  return new LanguageModel(base.config, base.base, adapterLayers(base.config, adapter));
}

/** A model with LoRA as the references start it: A from `hashedInit`, B zero. */
export function withHashedLora(
  base: LanguageModel,
  config: LoraConfig,
  scale: number,
): LanguageModel {
  const layers = buildLora(base.config, config, (layer, { module, inputs, width }) => ({
    a: hashedInit(`model.layers.${layer}.${module}`, config.rank * inputs, scale),
    b: new Float32Array(width * config.rank),
  }));
  return new LanguageModel(base.config, base.base, { config, layers });
}

/** README.md, "Initial LoRA matrices". */
export function hashedInit(name: string, size: number, scale: number): Float32Array {
  const sum = [...name].reduce((total, character) => total + character.charCodeAt(0), 0);
  return Float32Array.from(
    { length: size },
    (_, i) => (((i + 1) * 2654435761 + sum * 40503) % 2 ** 32 / 2 ** 32 - 0.5) * scale,
  );
}

/** A pair as the library takes it. */
export function tokenizedPair(pair: ReferencePair, index: number): TokenizedPair {
  return {
    id: String(index),
    promptIds: Int32Array.from(pair.prompt),
    chosenIds: Int32Array.from(pair.chosen),
    rejectedIds: Int32Array.from(pair.rejected),
  };
}
