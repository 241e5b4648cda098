import { UserError } from "../../errors.ts";
import type { ModelConfig } from "../config.ts";
import { parameterSlots, tableNames } from "../parameter_slots.ts";
import type { WeightSource } from "../weights.ts";

/** Every tensor of a model with its shape, under Hugging Face's names. Linear layers are [out, in]. */
export function expectedTensors(config: ModelConfig): Map<string, readonly number[]> {
  const parts = parameterSlots(config).flatMap((slot) => slot.parts);
  return new Map(parts.map(({ name, shape }) => [name, shape]));
}

/** Tensors that a checkpoint may hold although the model does not read them. */
function isRedundant(name: string, config: ModelConfig): boolean {
  return name.endsWith(".rotary_emb.inv_freq") ||
    (config.architecture === "gpt_neox" && /\.attention\.(masked_)?bias$/.test(name)) ||
    (config.tieEmbeddings && name === tableNames(config).head);
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
        `${weights.origin}: tensor "${name}" has no place in a ${
          config.architecture ?? "llama"
        } model of ${config.layers} layers`,
      );
    }
  }
}
