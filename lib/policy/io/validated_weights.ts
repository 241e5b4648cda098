import { UserError } from "../../errors.ts";
import type { ModelConfig } from "../config.ts";
import { tableNames } from "../parameter_slots.ts";
import type { WeightSource } from "../weights.ts";
import { checkTensors } from "./tensor_table.ts";

/**
 * The same weights; what is read of them is finite. Every weight that reaches a model or an adapter
 * comes through here. `read` throws `UserError` naming the tensor and the first value that is not.
 */
export function finiteWeights<W extends WeightSource>(weights: W): W {
  const read = async (name: string): Promise<Float32Array> => {
    const values = await weights.read(name);
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at < 0) return values;
    throw new UserError(
      `${weights.origin}: tensor "${name}" holds ${
        values[at]
      } (value ${at}); the file is damaged or the training that made it failed`,
    );
  };
  return { ...weights, read };
}

/**
 * A model's weights: complete and in their shapes (checked now), finite and, where the output
 * projection is the embedding table, not contradicted by one in the file (checked when read).
 *
 * @throws {UserError} naming the tensor
 */
export function modelWeights<W extends WeightSource>(config: ModelConfig, weights: W): W {
  checkTensors(config, weights);
  const finite = finiteWeights(weights);
  const { embedding, head: headName } = tableNames(config);
  if (!config.tieEmbeddings || !weights.names.includes(headName)) return finite;
  const read = async (name: string): Promise<Float32Array> => {
    const values = await finite.read(name);
    if (name !== embedding) return values;
    const head = await weights.read(headName);
    if (head.length === values.length && head.every((value, i) => value === values[i])) {
      return values;
    }
    throw new UserError(
      `${weights.origin}: the configuration ties ${headName} to ${embedding}, but the file holds ` +
        `another ${headName}; set tie_word_embeddings to false in config.json, or remove the tensor`,
    );
  };
  return { ...finite, read };
}
