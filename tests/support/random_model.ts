import type { ModelConfig } from "../../lib/policy/config.ts";
import { LanguageModel } from "../../lib/policy/language_model.ts";
import { buildLora, LORA_MODULES, type LoraConfig } from "../../lib/policy/lora.ts";
import { loadParameters } from "../../lib/policy/parameters.ts";
import type { PromptGroup } from "../../lib/policy/packing.ts";
import type { WeightSource } from "../../lib/policy/weights.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { normals } from "./finite_difference.ts";
import { tinyTensors } from "./tiny_model.ts";

/** Two layers, grouped heads, 31 tokens. */
export const SMALL_CONFIG: ModelConfig = {
  vocabSize: 31,
  hiddenSize: 16,
  intermediateSize: 20,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headDim: 4,
  ropeTheta: 100,
  rmsNormEps: 1e-5,
  maxPositions: 64,
  tieEmbeddings: true,
};

/** A random model with clearly uneven predictions. The engine must be loaded. */
export async function randomModel(
  overrides: Partial<ModelConfig> = {},
  seed = 1,
): Promise<LanguageModel> {
  const config = { ...SMALL_CONFIG, ...overrides };
  const tensors = tinyTensors(config, seed);
  const source: WeightSource = {
    origin: "random",
    names: [...tensors.keys()],
    shape: (name) => tensors.get(name)!.shape,
    read: (name) => Promise.resolve(tensors.get(name)!.data),
  };
  return new LanguageModel(config, await loadParameters(config, source));
}

/** LoRA of rank 3 on all seven projections. */
export const SMALL_LORA: LoraConfig = {
  rank: 3,
  alpha: 6,
  dropout: 0,
  targetModules: LORA_MODULES,
};

/** The model with adapters whose A and B are both random: B = 0 would hide A's gradient. */
export function withRandomLora(
  base: LanguageModel,
  overrides: Partial<LoraConfig> = {},
  seed = 1,
): LanguageModel {
  const config = { ...SMALL_LORA, ...overrides };
  const layers = buildLora(base.config, config, (layer, { module, inputs, width }) => ({
    a: normals(createPrng(seed, "a", layer, module), config.rank * inputs, 0.2),
    b: normals(createPrng(seed, "b", layer, module), width * config.rank, 0.2),
  }));
  return new LanguageModel(base.config, base.base, { config, layers });
}

/** Random token ids. */
export function randomIds(name: string, length: number, vocabSize = 31): Int32Array {
  const prng = createPrng(1, "ids", name);
  return Int32Array.from({ length }, () => prng.integer(vocabSize));
}

/** Groups of random ids, each [prompt length, ...completion lengths]. */
export function randomGroups(lengths: readonly (readonly number[])[]): PromptGroup[] {
  return lengths.map(([prompt, ...completions], g) => ({
    promptIds: randomIds(`${g} prompt`, prompt!),
    completions: completions.map((length, c) => randomIds(`${g} ${c}`, length)),
  }));
}
