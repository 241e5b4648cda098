import { UserError } from "../../errors.ts";
import type { ModelConfig, RopeScaling } from "../config.ts";
import { checkConfig, defaultHeadDim } from "./check_config.ts";
import { type Fields, fieldsOf } from "./fields.ts";

type Json = Readonly<Record<string, unknown>>;

const SUPPORTED = "LlamaForCausalLM, and MistralForCausalLM without sliding window";

/**
 * The model configuration in a Hugging Face `config.json`, with transformers' defaults.
 *
 * Throws `UserError` naming what is not supported: another architecture, biases, another
 * activation, quantised weights, another rope scaling than linear and llama3.
 */
export function parseHfConfig(json: Json, origin: string): ModelConfig {
  const fields = fieldsOf(json, origin);
  const isMistral = checkArchitecture(json, fields, origin);
  for (const bias of ["attention_bias", "mlp_bias"]) {
    if (fields.boolean(bias, false)) {
      throw new UserError(`${origin}: ${bias} is true; models with biases are not supported`);
    }
  }
  const activation = fields.text("hidden_act") ?? "silu";
  if (activation !== "silu") {
    throw new UserError(`${origin}: hidden_act "${activation}" is not supported ("silu" is)`);
  }
  if (fields.has("quantization_config")) {
    throw new UserError(
      `${origin}: quantization_config is not supported; take the model's unquantised weights or a GGUF`,
    );
  }
  const hiddenSize = fields.count("hidden_size");
  const heads = fields.count("num_attention_heads");
  const maxPositions = fields.count("max_position_embeddings", isMistral ? 131072 : 2048);
  const rope = parseRope(json, maxPositions, origin);
  return checkConfig({
    vocabSize: fields.count("vocab_size"),
    hiddenSize,
    intermediateSize: fields.count("intermediate_size"),
    layers: fields.count("num_hidden_layers"),
    heads,
    kvHeads: fields.count("num_key_value_heads", isMistral ? 8 : heads),
    headDim: fields.has("head_dim")
      ? fields.count("head_dim")
      : defaultHeadDim(hiddenSize, heads, origin),
    ropeTheta: rope.theta,
    rmsNormEps: fields.positive("rms_norm_eps", 1e-6),
    maxPositions,
    tieEmbeddings: fields.boolean("tie_word_embeddings", false),
    ...(rope.scaling && { ropeScaling: rope.scaling }),
  }, origin);
}

/** Returns whether it is a Mistral model. */
function checkArchitecture(json: Json, fields: Fields, origin: string): boolean {
  const names = json.architectures;
  const architecture = Array.isArray(names) && names.length > 0
    ? names[0]
    : { llama: "LlamaForCausalLM", mistral: "MistralForCausalLM" }[fields.text("model_type") ?? ""];
  if (architecture === "LlamaForCausalLM") return false;
  if (architecture !== "MistralForCausalLM") {
    throw new UserError(
      `${origin}: architecture ${JSON.stringify(architecture ?? json.model_type ?? null)} is not ` +
        `supported (${SUPPORTED} are)`,
    );
  }
  if (!Object.hasOwn(json, "sliding_window") || fields.has("sliding_window")) {
    throw new UserError(
      `${origin}: sliding_window ${
        json.sliding_window ?? "4096"
      } is not supported (${SUPPORTED} are)`,
    );
  }
  return true;
}

/** Reads `rope_theta` and `rope_scaling`, or transformers 5's `rope_parameters`. */
function parseRope(
  json: Json,
  maxPositions: number,
  origin: string,
): { theta: number; scaling: RopeScaling | undefined } {
  const nested = (json.rope_parameters ?? json.rope_scaling ?? {}) as Json;
  if (typeof nested !== "object") throw new UserError(`${origin}: rope_scaling is not an object`);
  const fields = fieldsOf(nested, `${origin}: rope_scaling`);
  const theta = fieldsOf({ rope_theta: nested.rope_theta ?? json.rope_theta }, origin)
    .positive("rope_theta", 10000);
  const type = fields.text("rope_type") ?? fields.text("type") ?? "default";
  switch (type) {
    case "default":
      return { theta, scaling: undefined };
    case "linear":
      return { theta, scaling: { type, factor: fields.positive("factor") } };
    case "llama3":
      return {
        theta,
        scaling: {
          type,
          factor: fields.positive("factor"),
          lowFreqFactor: fields.positive("low_freq_factor"),
          highFreqFactor: fields.positive("high_freq_factor"),
          originalMaxPositions: fields.count("original_max_position_embeddings", maxPositions),
        },
      };
    default:
      throw new UserError(
        `${origin}: rope_scaling "${type}" is not supported (default, linear and llama3 are)`,
      );
  }
}

/**
 * A `config.json` for transformers. Fields of `source`, the original file, are kept where they do
 * not describe the weights (token ids, for example).
 */
export function toHfConfig(config: ModelConfig, source: Json = {}): Record<string, unknown> {
  const kept = { ...source };
  for (const gone of ["rope_parameters", "dtype", "sliding_window"]) delete kept[gone];
  const scaling = config.ropeScaling;
  return {
    ...kept,
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    head_dim: config.headDim,
    hidden_act: "silu",
    attention_bias: false,
    mlp_bias: false,
    max_position_embeddings: config.maxPositions,
    rms_norm_eps: config.rmsNormEps,
    rope_theta: config.ropeTheta,
    rope_scaling: scaling === undefined
      ? null
      : scaling.type === "linear"
      ? { rope_type: "linear", type: "linear", factor: scaling.factor }
      : {
        rope_type: "llama3",
        factor: scaling.factor,
        low_freq_factor: scaling.lowFreqFactor,
        high_freq_factor: scaling.highFreqFactor,
        original_max_position_embeddings: scaling.originalMaxPositions,
      },
    tie_word_embeddings: config.tieEmbeddings,
    torch_dtype: "float32",
  };
}
