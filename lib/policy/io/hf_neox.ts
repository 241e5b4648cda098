import { UserError } from "../../errors.ts";
import type { ModelConfig } from "../config.ts";
import { FUSED_SITES } from "../fused_site.ts";
import { checkConfig, defaultHeadDim } from "./check_config.ts";
import type { Fields } from "./fields.ts";
import { parseRope, toHfRope } from "./hf_rope.ts";

type Json = Readonly<Record<string, unknown>>;

/** A `GPTNeoXForCausalLM` (Pythia), with transformers' defaults. */
export function parseNeoxConfig(json: Json, fields: Fields, origin: string): ModelConfig {
  const activation = fields.text("hidden_act") ?? "gelu";
  if (activation !== "gelu") {
    throw new UserError(`${origin}: hidden_act "${activation}" is not supported ("gelu" is)`);
  }
  const hiddenSize = fields.count("hidden_size"), heads = fields.count("num_attention_heads");
  const headDim = defaultHeadDim(hiddenSize, heads, origin);
  const maxPositions = fields.count("max_position_embeddings", 2048);
  const rope = parseRope(json, maxPositions, origin, "rotary_emb_base");
  const rotaryDim = Math.floor(
    headDim * (rope.partialFactor ?? fields.positive("rotary_pct", 0.25)),
  );
  return checkConfig({
    architecture: "gpt_neox",
    vocabSize: fields.count("vocab_size"),
    hiddenSize,
    intermediateSize: fields.count("intermediate_size"),
    layers: fields.count("num_hidden_layers"),
    heads,
    kvHeads: heads,
    headDim,
    ropeTheta: rope.theta,
    rmsNormEps: fields.positive("layer_norm_eps", 1e-5),
    maxPositions,
    tieEmbeddings: fields.boolean("tie_word_embeddings", false),
    ...(rope.scaling && { ropeScaling: rope.scaling }),
    rotaryDim,
    biases: fields.boolean("attention_bias", true) ? FUSED_SITES : ["gateUp", "down"],
    layerNorm: true,
    gelu: true,
    ...(fields.boolean("use_parallel_residual", true) && { parallelResidual: true }),
  }, origin);
}

/** The fields of a GPT-NeoX `config.json` that describe the weights. */
export function neoxFields(config: ModelConfig): Record<string, unknown> {
  const { headDim, rotaryDim = headDim } = config;
  return {
    hidden_act: "gelu",
    attention_bias: config.biases?.includes("qkv") === true,
    layer_norm_eps: config.rmsNormEps,
    rotary_emb_base: config.ropeTheta,
    rotary_pct: rotaryDim / headDim,
    rope_theta: config.ropeTheta,
    partial_rotary_factor: rotaryDim / headDim,
    rope_scaling: toHfRope(config.ropeScaling),
    use_parallel_residual: config.parallelResidual === true,
  };
}
