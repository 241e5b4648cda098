import { UserError } from "../../errors.ts";
import type { Architecture, ModelConfig } from "../config.ts";
import type { FusedSite } from "../fused_site.ts";
import { checkConfig, defaultHeadDim } from "./check_config.ts";
import { type Fields, fieldsOf } from "./fields.ts";
import { neoxFields, parseNeoxConfig } from "./hf_neox.ts";
import { parseRope, toHfRope } from "./hf_rope.ts";

type Json = Readonly<Record<string, unknown>>;

/** Hugging Face's class of each family. */
const CLASSES: Readonly<Record<Architecture, string>> = {
  llama: "LlamaForCausalLM",
  mistral: "MistralForCausalLM",
  qwen2: "Qwen2ForCausalLM",
  qwen3: "Qwen3ForCausalLM",
  gpt_neox: "GPTNeoXForCausalLM",
};

/** transformers' defaults that differ between the families of Llama's kind. */
const DEFAULTS: Readonly<
  Record<
    Exclude<Architecture, "gpt_neox">,
    { readonly maxPositions: number; readonly kvHeads?: number; readonly headDim?: number }
  >
> = {
  llama: { maxPositions: 2048 },
  mistral: { maxPositions: 131072, kvHeads: 8 },
  qwen2: { maxPositions: 32768, kvHeads: 32 },
  qwen3: { maxPositions: 32768, kvHeads: 32, headDim: 128 },
};

/**
 * The model configuration in a Hugging Face `config.json`, with transformers' defaults.
 *
 * Throws `UserError` naming what is not supported: another architecture, another activation,
 * quantised weights, a rope type that depends on the batch.
 */
export function parseHfConfig(json: Json, origin: string): ModelConfig {
  const fields = fieldsOf(json, origin);
  const architecture = architectureOf(json, fields, origin);
  if (fields.has("quantization_config")) {
    throw new UserError(
      `${origin}: quantization_config is not supported; take the model's unquantised weights or a GGUF`,
    );
  }
  if (architecture === "gpt_neox") return parseNeoxConfig(json, fields, origin);
  const defaults = DEFAULTS[architecture];
  const activation = fields.text("hidden_act") ?? "silu";
  if (activation !== "silu") {
    throw new UserError(`${origin}: hidden_act "${activation}" is not supported ("silu" is)`);
  }
  const hiddenSize = fields.count("hidden_size");
  const heads = fields.count("num_attention_heads");
  const layers = fields.count("num_hidden_layers");
  const maxPositions = fields.count("max_position_embeddings", defaults.maxPositions);
  const rope = parseRope(json, maxPositions, origin);
  if ((rope.partialFactor ?? 1) !== 1) {
    throw new UserError(
      `${origin}: partial_rotary_factor ${rope.partialFactor} is not supported in ` +
        `${CLASSES[architecture]} (in GPTNeoXForCausalLM it is)`,
    );
  }
  const headDim = fields.has("head_dim")
    ? fields.count("head_dim")
    : defaults.headDim ?? defaultHeadDim(hiddenSize, heads, origin);
  return checkConfig({
    ...(architecture !== "llama" && { architecture }),
    vocabSize: fields.count("vocab_size"),
    hiddenSize,
    intermediateSize: fields.count("intermediate_size"),
    layers,
    heads,
    kvHeads: fields.count("num_key_value_heads", defaults.kvHeads ?? heads),
    headDim,
    ropeTheta: rope.theta,
    rmsNormEps: fields.positive("rms_norm_eps", 1e-6),
    maxPositions,
    tieEmbeddings: fields.boolean("tie_word_embeddings", false),
    ...(rope.scaling && { ropeScaling: rope.scaling }),
    ...windowOf(json, fields, architecture, layers, origin),
    ...biasesOf(fields, architecture),
    ...(architecture === "qwen3" && { headNorm: true }),
  }, origin);
}

/** The family, by `architectures` or else `model_type`. */
function architectureOf(json: Json, fields: Fields, origin: string): Architecture {
  const families = Object.keys(CLASSES) as Architecture[];
  const names = json.architectures;
  const found = Array.isArray(names) && names.length > 0
    ? families.find((family) => CLASSES[family] === names[0])
    : families.find((family) => family === fields.text("model_type"));
  if (found !== undefined) return found;
  const name = Array.isArray(names) && names.length > 0 ? names[0] : json.model_type;
  throw new UserError(
    `${origin}: architecture ${JSON.stringify(name ?? null)} is not supported (` +
      `${Object.values(CLASSES).join(", ")} are)`,
  );
}

/** The matrices with biases: Qwen2's queries, keys and values, or what the file says. */
function biasesOf(fields: Fields, architecture: Architecture): Pick<ModelConfig, "biases"> {
  const biases: FusedSite[] = [];
  if (architecture === "qwen2") biases.push("qkv");
  else if (architecture !== "mistral" && fields.boolean("attention_bias", false)) {
    biases.push("qkv", "attentionOut");
  }
  if (architecture === "llama" && fields.boolean("mlp_bias", false)) biases.push("gateUp", "down");
  return biases.length > 0 ? { biases } : {};
}

/** Mistral's window of all layers; Qwen's of the layers that its file names. */
function windowOf(
  json: Json,
  fields: Fields,
  architecture: Architecture,
  layers: number,
  origin: string,
): Pick<ModelConfig, "slidingWindow" | "fullLayers"> {
  if (architecture === "llama") return {};
  const absent = !Object.hasOwn(json, "sliding_window");
  if (!absent && !fields.has("sliding_window")) return {};
  const slidingWindow = fields.count("sliding_window", 4096);
  if (architecture === "mistral") return { slidingWindow };
  if (!fields.boolean("use_sliding_window", false)) return {};
  const types = json.layer_types;
  const first = fields.has("max_window_layers") ? Number(json.max_window_layers) : 28;
  const fullLayers = Array.from({ length: layers }, (_, layer) => layer).filter((layer) => {
    if (!Array.isArray(types)) return layer < first;
    const type = types[layer];
    if (type === "full_attention" || type === "sliding_attention") return type === "full_attention";
    throw new UserError(
      `${origin}: layer_types[${layer}] is ${JSON.stringify(type ?? null)} (full_attention and ` +
        "sliding_attention are supported)",
    );
  });
  if (fullLayers.length === layers) return {};
  return { slidingWindow, ...(fullLayers.length > 0 && { fullLayers }) };
}

/**
 * A `config.json` for transformers. Fields of `source`, the original file, are kept where they do
 * not describe the weights (token ids, for example).
 */
export function toHfConfig(config: ModelConfig, source: Json = {}): Record<string, unknown> {
  const kept = { ...source };
  for (const gone of ["rope_parameters", "dtype", "sliding_window", "layer_types"]) {
    delete kept[gone];
  }
  const { architecture = "llama" } = config;
  return {
    ...kept,
    architectures: [CLASSES[architecture]],
    model_type: architecture,
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    max_position_embeddings: config.maxPositions,
    ...(architecture === "gpt_neox" ? neoxFields(config) : llamaFields(config, architecture)),
    tie_word_embeddings: config.tieEmbeddings,
    torch_dtype: "float32",
  };
}

/** The fields that families of Llama's kind have. */
function llamaFields(config: ModelConfig, architecture: Architecture): Record<string, unknown> {
  const { slidingWindow, fullLayers = [], layers } = config;
  const qwen = architecture === "qwen2" || architecture === "qwen3";
  return {
    num_key_value_heads: config.kvHeads,
    head_dim: config.headDim,
    hidden_act: "silu",
    attention_bias: config.biases?.includes("attentionOut") === true,
    mlp_bias: config.biases?.includes("down") === true,
    rms_norm_eps: config.rmsNormEps,
    rope_theta: config.ropeTheta,
    rope_scaling: toHfRope(config.ropeScaling),
    ...(architecture !== "llama" && { sliding_window: slidingWindow ?? null }),
    ...(qwen && {
      use_sliding_window: slidingWindow !== undefined,
      layer_types: Array.from(
        { length: layers },
        (_, layer) =>
          slidingWindow === undefined || fullLayers.includes(layer)
            ? "full_attention"
            : "sliding_attention",
      ),
    }),
  };
}
