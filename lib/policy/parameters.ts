import { hostCopy } from "../engine/host_copy.ts";
import { engine, type Tensor, type Tensor1D, type Tensor2D } from "../engine/tensorflow.ts";
import { upload } from "../engine/upload.ts";
import { createPrng } from "../random/prng.ts";
import type { ModelConfig } from "./config.ts";
import type { WeightSource } from "./weights.ts";
import { UserError } from "../errors.ts";

/** Weights of one decoder layer. Matrices are [in, out], so that a row times them needs no transpose. */
export interface LayerParameters {
  readonly attentionNorm: Tensor1D;
  /** [D, (H + 2 KV) * headDim]: query, key and value projections side by side. */
  readonly qkv: Tensor2D;
  /** [H * headDim, D] */
  readonly attentionOut: Tensor2D;
  readonly mlpNorm: Tensor1D;
  /** [D, 2F]: gate and up projections side by side. */
  readonly gateUp: Tensor2D;
  /** [F, D] */
  readonly down: Tensor2D;
}

/** All weights of a model. `head` is the embedding table itself where they are tied. */
export interface ModelParameters {
  /** [V, D] */
  readonly embedding: Tensor2D;
  readonly layers: readonly LayerParameters[];
  readonly finalNorm: Tensor1D;
  /** [V, D] */
  readonly head: Tensor2D;
}

/** The matrices that LoRA can adapt, as they are fused here. */
export const FUSED_SITES = ["qkv", "attentionOut", "gateUp", "down"] as const;
/** One of the fused matrices of a layer. */
export type FusedSite = typeof FUSED_SITES[number];

/** A Hugging Face projection inside a fused matrix: its columns. */
export interface Projection {
  /** Module name, for example `self_attn.q_proj`. */
  readonly module: string;
  readonly column: number;
  readonly width: number;
}

/** Which projections stand in which columns of each fused matrix, and its number of input rows. */
export function fusedProjections(
  config: ModelConfig,
): Record<FusedSite, { readonly inputs: number; readonly projections: readonly Projection[] }> {
  const { heads, kvHeads, headDim, hiddenSize: d, intermediateSize: f } = config;
  const q = heads * headDim, kv = kvHeads * headDim;
  return {
    qkv: {
      inputs: d,
      projections: [
        { module: "self_attn.q_proj", column: 0, width: q },
        { module: "self_attn.k_proj", column: q, width: kv },
        { module: "self_attn.v_proj", column: q + kv, width: kv },
      ],
    },
    attentionOut: {
      inputs: q,
      projections: [{ module: "self_attn.o_proj", column: 0, width: d }],
    },
    gateUp: {
      inputs: d,
      projections: [
        { module: "mlp.gate_proj", column: 0, width: f },
        { module: "mlp.up_proj", column: f, width: f },
      ],
    },
    down: { inputs: f, projections: [{ module: "mlp.down_proj", column: 0, width: d }] },
  };
}

/** Writes `source` [out, in] transposed into columns of `target` [in, columns]. */
export function putTransposed(
  target: Float32Array,
  columns: number,
  column: number,
  source: Float32Array,
  out: number,
  inputs: number,
): void {
  const tile = 32;
  for (let o0 = 0; o0 < out; o0 += tile) {
    for (let i0 = 0; i0 < inputs; i0 += tile) {
      for (let o = o0; o < Math.min(out, o0 + tile); o++) {
        for (let i = i0; i < Math.min(inputs, i0 + tile); i++) {
          target[i * columns + column + o] = source[o * inputs + i] as number;
        }
      }
    }
  }
}

/** The inverse of `putTransposed`: columns of a [in, columns] matrix as [out, in]. */
export function takeTransposed(
  source: Float32Array,
  columns: number,
  column: number,
  out: number,
  inputs: number,
): Float32Array {
  const target = new Float32Array(out * inputs);
  for (let i = 0; i < inputs; i++) {
    for (let o = 0; o < out; o++) {
      target[o * inputs + i] = source[i * columns + column + o] as number;
    }
  }
  return target;
}

/**
 * Reads a model's weights (Hugging Face names) into fused tensors.
 * @throws UserError naming the tensor that is missing or has another shape than the config says.
 */
export async function loadParameters(
  config: ModelConfig,
  source: WeightSource,
): Promise<ModelParameters> {
  const { tf } = engine();
  const { vocabSize: v, hiddenSize: d } = config;
  const read = async (name: string, shape: number[]): Promise<Float32Array> => {
    const found = source.shape(name);
    if (found.length !== shape.length || found.some((n, i) => n !== shape[i])) {
      throw new UserError(
        `${source.origin}: tensor ${name} is [${found}], but the config makes it [${shape}]`,
      );
    }
    return await source.read(name);
  };
  const vector = async (name: string) => upload(tf.keep(tf.tensor1d(await read(name, [d]))));
  const table = async (name: string) =>
    upload(tf.keep(tf.tensor2d(await read(name, [v, d]), [v, d])));
  const fused = fusedProjections(config);
  const matrix = async (prefix: string, site: FusedSite): Promise<Tensor2D> => {
    const { inputs, projections } = fused[site];
    const columns = projections.reduce((sum, p) => sum + p.width, 0);
    const values = new Float32Array(inputs * columns);
    for (const { module, column, width } of projections) {
      const weights = await read(`${prefix}.${module}.weight`, [width, inputs]);
      putTransposed(values, columns, column, weights, width, inputs);
    }
    return upload(tf.keep(tf.tensor2d(values, [inputs, columns])));
  };
  const embedding = await table("model.embed_tokens.weight");
  const layers: LayerParameters[] = [];
  for (let i = 0; i < config.layers; i++) {
    const prefix = `model.layers.${i}`;
    layers.push({
      attentionNorm: await vector(`${prefix}.input_layernorm.weight`),
      qkv: await matrix(prefix, "qkv"),
      attentionOut: await matrix(prefix, "attentionOut"),
      mlpNorm: await vector(`${prefix}.post_attention_layernorm.weight`),
      gateUp: await matrix(prefix, "gateUp"),
      down: await matrix(prefix, "down"),
    });
  }
  const finalNorm = await vector("model.norm.weight");
  const head = config.tieEmbeddings ? embedding : await table("lm_head.weight");
  return { embedding, layers, finalNorm, head };
}

/** Random weights: normal with standard deviation 0.02, residual outputs scaled by 1/sqrt(2 layers). */
export function randomParameters(config: ModelConfig, seed: number): ModelParameters {
  const { tf } = engine();
  const normal = (name: string, rows: number, columns: number, deviation: number): Tensor2D => {
    const prng = createPrng(seed, "init", name);
    const values = Float32Array.from({ length: rows * columns }, () => prng.normal() * deviation);
    return tf.keep(tf.tensor2d(values, [rows, columns]));
  };
  const { vocabSize: v, hiddenSize: d, intermediateSize: f, heads, kvHeads, headDim } = config;
  const residual = 0.02 / Math.sqrt(2 * config.layers);
  const ones = () => tf.keep(tf.ones([d])) as Tensor1D;
  const embedding = normal("embedding", v, d, 0.02);
  return {
    embedding,
    layers: Array.from({ length: config.layers }, (_, i) => ({
      attentionNorm: ones(),
      qkv: normal(`${i}.qkv`, d, (heads + 2 * kvHeads) * headDim, 0.02),
      attentionOut: normal(`${i}.attentionOut`, heads * headDim, d, residual),
      mlpNorm: ones(),
      gateUp: normal(`${i}.gateUp`, d, 2 * f, 0.02),
      down: normal(`${i}.down`, f, d, residual),
    })),
    finalNorm: ones(),
    head: config.tieEmbeddings ? embedding : normal("head", v, d, 0.02),
  };
}

/** A flat, ordered view: name to tensor. The head is left out where it is the embedding. */
export function namedParameters(parameters: ModelParameters): Map<string, Tensor> {
  const named = new Map<string, Tensor>([["embedding", parameters.embedding]]);
  parameters.layers.forEach((layer, i) => {
    for (const [name, tensor] of Object.entries(layer)) {
      named.set(`layers.${i}.${name}`, tensor as Tensor);
    }
  });
  named.set("finalNorm", parameters.finalNorm);
  if (parameters.head !== parameters.embedding) named.set("head", parameters.head);
  return named;
}

/** The same structure from named tensors. @throws Error naming a missing tensor. */
export function parametersFromNamed(
  config: ModelConfig,
  named: ReadonlyMap<string, Tensor>,
): ModelParameters {
  const get = <T extends Tensor>(name: string): T => {
    const tensor = named.get(name);
    if (tensor === undefined) throw new Error(`parameter ${name} is missing`);
    return tensor as T;
  };
  const embedding = get<Tensor2D>("embedding");
  return {
    embedding,
    layers: Array.from({ length: config.layers }, (_, i) => ({
      attentionNorm: get<Tensor1D>(`layers.${i}.attentionNorm`),
      qkv: get<Tensor2D>(`layers.${i}.qkv`),
      attentionOut: get<Tensor2D>(`layers.${i}.attentionOut`),
      mlpNorm: get<Tensor1D>(`layers.${i}.mlpNorm`),
      gateUp: get<Tensor2D>(`layers.${i}.gateUp`),
      down: get<Tensor2D>(`layers.${i}.down`),
    })),
    finalNorm: get<Tensor1D>("finalNorm"),
    head: config.tieEmbeddings ? embedding : get<Tensor2D>("head"),
  };
}

/** Hugging Face names and [out, in] layouts, for safetensors. */
export async function exportParameters(
  config: ModelConfig,
  parameters: ModelParameters,
): Promise<Map<string, { shape: number[]; data: Float32Array }>> {
  const out = new Map<string, { shape: number[]; data: Float32Array }>();
  const put = async (name: string, tensor: Tensor) =>
    out.set(name, { shape: [...tensor.shape], data: await hostCopy(tensor) });
  const fused = fusedProjections(config);
  await put("model.embed_tokens.weight", parameters.embedding);
  for (const [i, layer] of parameters.layers.entries()) {
    const prefix = `model.layers.${i}`;
    await put(`${prefix}.input_layernorm.weight`, layer.attentionNorm);
    await put(`${prefix}.post_attention_layernorm.weight`, layer.mlpNorm);
    for (const site of FUSED_SITES) {
      const { inputs, projections } = fused[site];
      const values = await layer[site].data() as Float32Array;
      for (const { module, column, width } of projections) {
        const data = takeTransposed(values, layer[site].shape[1], column, width, inputs);
        out.set(`${prefix}.${module}.weight`, { shape: [width, inputs], data });
      }
    }
  }
  await put("model.norm.weight", parameters.finalNorm);
  if (!config.tieEmbeddings) await put("lm_head.weight", parameters.head);
  return out;
}
