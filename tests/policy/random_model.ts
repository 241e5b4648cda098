/** Tiny random models with uneven predictions, and what a plain recomputation says of them. */
import { ops } from "../../lib/engine/ops/ops.ts";
import { engine, loadEngine, type Tensor } from "../../lib/engine/tensorflow.ts";
import type { ModelConfig } from "../../lib/policy/config.ts";
import { hiddenStates } from "../../lib/policy/forward.ts";
import { LanguageModel } from "../../lib/policy/language_model.ts";
import { buildLora, type LoraConfig } from "../../lib/policy/lora.ts";
import { pack, type PromptGroup } from "../../lib/policy/packing.ts";
import { loadParameters, type ModelParameters } from "../../lib/policy/parameters.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { TINY_CONFIG, tinyTensors } from "../support/tiny_model.ts";

/** Two layers, width 16, four query heads over two key heads, 40 tokens. */
export const CONFIG: ModelConfig = {
  ...TINY_CONFIG,
  vocabSize: 40,
  heads: 4,
  kvHeads: 2,
  headDim: 4,
};

/** What other architectures change; the window is shorter than the tests' sequences. */
export const ARCHITECTURES = {
  "Mistral": { architecture: "mistral", slidingWindow: 3 },
  "Qwen2": { architecture: "qwen2", biases: ["qkv"], slidingWindow: 4, fullLayers: [0] },
  "Qwen3": { architecture: "qwen3", headNorm: true },
  "GPT-NeoX": {
    ...{ architecture: "gpt_neox", kvHeads: 4, rotaryDim: 2, tieEmbeddings: false },
    ...{ layerNorm: true, gelu: true, parallelResidual: true },
    biases: ["qkv", "attentionOut", "gateUp", "down"],
  },
  "sequential GPT-NeoX": {
    ...{ architecture: "gpt_neox", kvHeads: 4, rotaryDim: 2 },
    ...{ layerNorm: true, gelu: true },
    biases: ["gateUp", "down"],
  },
} as const satisfies Record<string, Partial<ModelConfig>>;

/** LoRA on every projection, without dropout. */
export const LORA: LoraConfig = {
  rank: 3,
  alpha: 6,
  dropout: 0,
  targetModules: ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
};

/** Weights of a config, the same for the same seed. */
export async function randomWeights(config: ModelConfig, seed = 1): Promise<ModelParameters> {
  await loadEngine();
  const tensors = tinyTensors(config, seed);
  return await loadParameters(config, {
    origin: "random",
    names: [...tensors.keys()],
    shape: (name) => tensors.get(name)!.shape,
    read: (name) => Promise.resolve(tensors.get(name)!.data),
  });
}

/** A model of which everything trains. */
export async function fullModel(
  changes: Partial<ModelConfig> = {},
  seed = 1,
): Promise<LanguageModel> {
  const config = { ...CONFIG, ...changes };
  return new LanguageModel(config, await randomWeights(config, seed));
}

/** A model with adapters of which both halves are random: as if trained for a while. */
export async function loraModel(
  lora: Partial<LoraConfig> = {},
  changes: Partial<ModelConfig> = {},
): Promise<LanguageModel> {
  const config = { ...CONFIG, ...changes };
  const base = await randomWeights(config);
  const adapter = { ...LORA, ...lora };
  const layers = buildLora(config, adapter, (layer, { module, inputs, width }) => {
    const prng = createPrng(2, "lora", layer, module);
    const normals = (size: number) => Float32Array.from({ length: size }, () => prng.normal() / 4);
    return { a: normals(adapter.rank * inputs), b: normals(width * adapter.rank) };
  });
  return new LanguageModel(config, base, { config: adapter, layers });
}

/** Frees a model with adapters, its base too. */
export function disposeWithBase(model: LanguageModel): void {
  const { base, lora } = model;
  model.dispose();
  if (lora === undefined) return;
  const tensors = [base.embedding, base.finalNorm, base.head, ...base.layers.flatMap(tensorsOf)];
  engine().tf.dispose(tensors);
}

function tensorsOf(record: object): Tensor[] {
  return Object.values(record) as Tensor[];
}

/** Token ids, the same for the same name. */
export function randomIds(name: string, length: number, vocabSize = CONFIG.vocabSize): Int32Array {
  const prng = createPrng(3, "ids", name);
  return Int32Array.from({ length }, () => prng.integer(vocabSize));
}

/** Prompts and completions of these lengths. */
export function randomGroups(
  shapes: readonly { readonly prompt: number; readonly completions: readonly number[] }[],
  vocabSize = CONFIG.vocabSize,
): PromptGroup[] {
  return shapes.map(({ prompt, completions }, g) => ({
    promptIds: randomIds(`prompt ${g}`, prompt, vocabSize),
    completions: completions.map((length, c) => randomIds(`${g}, ${c}`, length, vocabSize)),
  }));
}

/** Logits after the last of `ids`, from a whole pass without any cache. */
export function nextLogits(model: LanguageModel, ids: ArrayLike<number>): Float32Array {
  const { tf } = engine();
  const all = Int32Array.from(ids);
  // One more token, so that the last one predicts; what it is makes no difference.
  const batch = pack([{
    promptIds: all.subarray(0, 1),
    completions: [Int32Array.of(...all.subarray(1), 0)],
  }]);
  return tf.tidy(() => {
    const weights = model.inferenceWeights();
    const { hidden, tape } = hiddenStates(weights, batch, false);
    tape.layout.dispose();
    const last = ops().sliceRows(hidden, all.length - 1, 1);
    return ops().matMul(last, weights.parameters.head, false, true).dataSync() as Float32Array;
  });
}
