import { UserError } from "../../errors.ts";
import type { ModelConfig } from "../config.ts";
import { readRange } from "./files.ts";
import { parseGgufConfig } from "./gguf_config.ts";
import { type GgufHeader, type GgufTensor, readGgufHeader } from "./gguf_header.ts";
import { hfTensorName, unpermuteHeads } from "./gguf_names.ts";
import type { FileWeights } from "./safetensors.ts";

/** A GGUF model of the llama architecture. */
export interface GgufModel {
  readonly config: ModelConfig;
  readonly weights: FileWeights;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/**
 * Opens a GGUF file. Tensors are read and dequantised one at a time, when asked for, and come
 * under Hugging Face's names and layouts. Throws `UserError` naming file and tensor.
 */
export async function openGguf(path: string): Promise<GgufModel> {
  return ggufModel(path, await readGgufHeader(path));
}

/** The model behind a head that was read. Throws as `openGguf`. */
export async function ggufModel(path: string, header: GgufHeader): Promise<GgufModel> {
  const { metadata, tensors } = header;
  const read = async (tensor: GgufTensor): Promise<Float32Array> =>
    tensor.encoding.decode(await readRange(path, tensor.offset, tensor.byteLength));
  const embedding = tensors.get("token_embd.weight");
  const ropeFactors = tensors.get("rope_freqs.weight");
  const config = parseGgufConfig(metadata, {
    vocabSize: embedding?.shape[0] ?? 0,
    hasOutput: tensors.has("output.weight"),
    ropeFactors: ropeFactors && await read(ropeFactors),
  }, path);
  const table = new Map<string, GgufTensor>();
  for (const tensor of tensors.values()) {
    if (tensor === ropeFactors) continue;
    const name = hfTensorName(tensor.name);
    if (name === undefined) {
      throw new UserError(`${path}: tensor "${tensor.name}" has no place in a Llama model`);
    }
    if (table.has(name)) throw new UserError(`${path}: "${name}" appears twice`);
    table.set(name, tensor);
  }
  const find = (name: string): GgufTensor => {
    const tensor = table.get(name);
    if (tensor === undefined) throw new UserError(`${path}: tensor "${name}" is missing`);
    return tensor;
  };
  const headsOf = (name: string): number | undefined => {
    if (name.endsWith(".self_attn.q_proj.weight")) return config.heads;
    if (name.endsWith(".self_attn.k_proj.weight")) return config.kvHeads;
    return undefined;
  };
  const weights: FileWeights = {
    origin: path,
    paths: [path],
    names: [...table.keys()].sort(),
    shape: (name) => find(name).shape,
    read: async (name) => {
      const tensor = find(name);
      const values = await read(tensor);
      const heads = headsOf(name);
      return heads === undefined ? values : unpermuteHeads(values, heads, tensor.shape[1]!);
    },
  };
  return { config, weights, metadata };
}
