import { hostCopy } from "../engine/host_copy.ts";
import { engine, type Tensor, type Tensor1D, type Tensor2D } from "../engine/tensorflow.ts";
import { upload } from "../engine/upload.ts";
import { UserError } from "../errors.ts";
import { createPrng } from "../random/prng.ts";
import type { ModelConfig } from "./config.ts";
import { type ParameterSlot, parameterSlots, type SlotPart } from "./parameter_slots.ts";
import { putTransposed, takeTransposed } from "./transposed.ts";
import type { WeightSource } from "./weights.ts";

/** Weights of one decoder layer. Matrices are [in, out], so that a row times them needs no transpose. */
export interface LayerParameters {
  readonly attentionNorm: Tensor1D;
  readonly attentionNormBias?: Tensor1D;
  /** [D, (H + 2 KV) * headDim]: query, key and value projections side by side. */
  readonly qkv: Tensor2D;
  readonly qkvBias?: Tensor1D;
  /** [headDim], of every query head. */
  readonly queryNorm?: Tensor1D;
  /** [headDim], of every key head. */
  readonly keyNorm?: Tensor1D;
  /** [H * headDim, D] */
  readonly attentionOut: Tensor2D;
  readonly attentionOutBias?: Tensor1D;
  readonly mlpNorm: Tensor1D;
  readonly mlpNormBias?: Tensor1D;
  /** [D, 2F]: gate and up projections side by side; [D, F] of a GELU MLP. */
  readonly gateUp: Tensor2D;
  readonly gateUpBias?: Tensor1D;
  /** [F, D] */
  readonly down: Tensor2D;
  readonly downBias?: Tensor1D;
}

/** All weights of a model. `head` is the embedding table itself where they are tied. */
export interface ModelParameters {
  /** [V, D] */
  readonly embedding: Tensor2D;
  readonly layers: readonly LayerParameters[];
  readonly finalNorm: Tensor1D;
  readonly finalNormBias?: Tensor1D;
  /** [V, D] */
  readonly head: Tensor2D;
}

/** The column of a slot that a projection's row has. */
function columnOf({ projection }: SlotPart): (row: number) => number {
  const { column = 0, order } = projection ?? {};
  return order === undefined ? (row) => column + row : (row) => column + (order[row] as number);
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
  const named = new Map<string, Tensor>();
  for (const { name, shape, parts } of parameterSlots(config)) {
    const [first] = parts;
    let values: Float32Array | undefined;
    for (const part of parts) {
      const read = await readChecked(source, part);
      if (part === first && part.projection === undefined) {
        values = read;
        break;
      }
      values ??= new Float32Array(shape.reduce((product, n) => product * n, 1));
      const [columns, inputs] = [shape.at(-1) as number, shape.length === 1 ? 1 : shape[0]];
      putTransposed(values, columns, read, inputs as number, columnOf(part));
    }
    named.set(name, upload(tf.keep(tf.tensor(values as Float32Array, [...shape]))));
  }
  return parametersFromNamed(config, named);
}

async function readChecked(source: WeightSource, part: SlotPart): Promise<Float32Array> {
  const found = source.shape(part.name);
  if (found.length !== part.shape.length || found.some((n, i) => n !== part.shape[i])) {
    throw new UserError(
      `${source.origin}: tensor ${part.name} is [${found}], but the config makes it [${part.shape}]`,
    );
  }
  return await source.read(part.name);
}

/** Random weights: normal with standard deviation 0.02, residual outputs scaled by 1/sqrt(2 layers). */
export function randomParameters(config: ModelConfig, seed: number): ModelParameters {
  const { tf } = engine();
  const residual = 0.02 / Math.sqrt(2 * config.layers);
  const initial = ({ name, shape }: ParameterSlot): Tensor => {
    if (shape.length === 1) {
      return name.endsWith("Bias") ? tf.zeros([...shape]) : tf.ones([...shape]);
    }
    const prng = createPrng(seed, "init", name.replace(/^layers\./, ""));
    const deviation = /(attentionOut|down)$/.test(name) ? residual : 0.02;
    const size = shape.reduce((product, n) => product * n, 1);
    const values = Float32Array.from({ length: size }, () => prng.normal() * deviation);
    return tf.tensor(values, [...shape]);
  };
  const slots = parameterSlots(config).map((slot) => [slot.name, tf.keep(initial(slot))] as const);
  return parametersFromNamed(config, new Map(slots));
}

/** A flat, ordered view: name to tensor. The head is left out where it is the embedding. */
export function namedParameters(parameters: ModelParameters): Map<string, Tensor> {
  const { embedding, layers, finalNorm, finalNormBias, head } = parameters;
  const named = new Map<string, Tensor>([["embedding", embedding]]);
  layers.forEach((layer, i) => {
    for (const [name, tensor] of Object.entries(layer)) {
      named.set(`layers.${i}.${name}`, tensor as Tensor);
    }
  });
  named.set("finalNorm", finalNorm);
  if (finalNormBias !== undefined) named.set("finalNormBias", finalNormBias);
  if (head !== embedding) named.set("head", head);
  return named;
}

/** The same structure from named tensors. @throws Error naming a missing tensor. */
export function parametersFromNamed(
  config: ModelConfig,
  named: ReadonlyMap<string, Tensor>,
): ModelParameters {
  const layers: Record<string, Tensor>[] = Array.from({ length: config.layers }, () => ({}));
  const outer: Record<string, Tensor> = {};
  for (const { name } of parameterSlots(config)) {
    const tensor = named.get(name);
    if (tensor === undefined) throw new Error(`parameter ${name} is missing`);
    const [, layer, own] = /^layers\.(\d+)\.(\w+)$/.exec(name) ?? [];
    if (own === undefined) outer[name] = tensor;
    else (layers[Number(layer)] as Record<string, Tensor>)[own] = tensor;
  }
  return { head: outer.embedding, ...outer, layers } as unknown as ModelParameters;
}

/** Hugging Face names and [out, in] layouts, for safetensors. */
export async function exportParameters(
  config: ModelConfig,
  parameters: ModelParameters,
): Promise<Map<string, { shape: number[]; data: Float32Array }>> {
  const named = namedParameters(parameters);
  const out = new Map<string, { shape: number[]; data: Float32Array }>();
  for (const { name, shape, parts } of parameterSlots(config)) {
    const tensor = named.get(name);
    if (tensor === undefined) throw new Error(`parameter ${name} is missing`);
    const values = await hostCopy(tensor);
    for (const part of parts) {
      const [rows, inputs = 1] = part.shape as [number, number?];
      const data = part.projection === undefined
        ? values
        : takeTransposed(values, shape.at(-1) as number, rows, inputs, columnOf(part));
      out.set(part.name, { shape: [...part.shape], data });
    }
  }
  return out;
}
