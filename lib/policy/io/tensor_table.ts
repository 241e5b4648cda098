import { UserError } from "../../errors.ts";
import type { ModelConfig } from "../config.ts";
import type { WeightSource } from "../weights.ts";

/**
 * Every tensor of a `LlamaForCausalLM` with its shape, under Hugging Face's names. Linear layers
 * are [out, in].
 */
export function expectedTensors(config: ModelConfig): Map<string, readonly number[]> {
  const { hiddenSize: d, intermediateSize: f, headDim } = config;
  const queryWidth = config.heads * headDim;
  const keyWidth = config.kvHeads * headDim;
  const table = new Map<string, readonly number[]>();
  table.set("model.embed_tokens.weight", [config.vocabSize, d]);
  for (let layer = 0; layer < config.layers; layer++) {
    const prefix = `model.layers.${layer}`;
    table.set(`${prefix}.input_layernorm.weight`, [d]);
    table.set(`${prefix}.self_attn.q_proj.weight`, [queryWidth, d]);
    table.set(`${prefix}.self_attn.k_proj.weight`, [keyWidth, d]);
    table.set(`${prefix}.self_attn.v_proj.weight`, [keyWidth, d]);
    table.set(`${prefix}.self_attn.o_proj.weight`, [d, queryWidth]);
    table.set(`${prefix}.post_attention_layernorm.weight`, [d]);
    table.set(`${prefix}.mlp.gate_proj.weight`, [f, d]);
    table.set(`${prefix}.mlp.up_proj.weight`, [f, d]);
    table.set(`${prefix}.mlp.down_proj.weight`, [d, f]);
  }
  table.set("model.norm.weight", [d]);
  if (!config.tieEmbeddings) table.set("lm_head.weight", [config.vocabSize, d]);
  return table;
}

/** Tensors that a checkpoint may hold although the model does not read them. */
function isRedundant(name: string, config: ModelConfig): boolean {
  return name.endsWith(".rotary_emb.inv_freq") ||
    (config.tieEmbeddings && name === "lm_head.weight");
}

/**
 * Checks that the weights hold each tensor of the model in its shape and nothing that the model
 * would silently ignore (a bias, a further layer). Throws `UserError` naming the tensor.
 */
export function checkTensors(config: ModelConfig, weights: WeightSource): void {
  const expected = expectedTensors(config);
  for (const [name, shape] of expected) {
    const found = weights.shape(name);
    if (found.length !== shape.length || found.some((n, i) => n !== shape[i])) {
      throw new UserError(
        `${weights.origin}: tensor "${name}" is [${found}], but the model's configuration needs [${shape}]`,
      );
    }
  }
  for (const name of weights.names) {
    if (!expected.has(name) && !isRedundant(name, config)) {
      throw new UserError(
        `${weights.origin}: tensor "${name}" has no place in a Llama model of ${config.layers} layers`,
      );
    }
  }
}
