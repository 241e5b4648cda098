import { engine, type Tensor, type Tensor1D, type Tensor2D } from "../engine/tensorflow.ts";
import type { Ops } from "../engine/ops/types.ts";
import type { LoraConfig, LoraLayers, LoraSite } from "./lora.ts";
import type { FusedSite } from "./fused_site.ts";
import type { LayerParameters } from "./parameters.ts";

/** Adapters as a forward pass uses them. */
export interface ActiveLora {
  readonly config: LoraConfig;
  readonly layers: LoraLayers;
  readonly dropoutSeed?: number;
}

/** What the gradient of one linear layer needs. */
export interface LinearTape {
  readonly x: Tensor2D;
  readonly lora: {
    readonly site: LoraSite;
    readonly scale: number;
    /** (alpha / rank) * dropout(x) A, [N, rank * modules]. */
    readonly inner: Tensor2D;
    /** Dropout's factors, [N, in]: 0 or 1 / (1 - p). */
    readonly kept: Tensor2D | undefined;
  } | undefined;
}

/** y = x W, plus the bias where the matrix has one. */
export function affine(
  kernel: Ops,
  x: Tensor2D,
  parameters: LayerParameters,
  name: FusedSite,
): Tensor2D {
  const product = kernel.matMul(x, parameters[name]);
  const bias = parameters[`${name}Bias`];
  if (bias === undefined) return product;
  const y = kernel.addBias(product, bias);
  product.dispose();
  return y;
}

/** The same, plus the site's adapters where there are any. */
export function linear(
  kernel: Ops,
  x: Tensor2D,
  parameters: LayerParameters,
  lora: ActiveLora | undefined,
  layer: number,
  name: FusedSite,
): [Tensor2D, LinearTape] {
  const base = affine(kernel, x, parameters, name);
  const site = lora?.layers[layer]?.[name];
  if (lora === undefined || site === undefined) return [base, { x, lora: undefined }];
  const { tf } = engine();
  const scale = lora.config.alpha / lora.config.rank;
  const kept = lora.dropoutSeed === undefined || lora.config.dropout === 0
    ? undefined
    : dropoutFactors(kernel, x, lora.config.dropout, [lora.dropoutSeed, seedOf(layer, name)]);
  const inner = tf.tidy(() =>
    tf.mul(kernel.matMul(kept === undefined ? x : tf.mul(x, kept) as Tensor2D, site.a), scale)
  ) as Tensor2D;
  const update = kernel.matMul(inner, site.b);
  const y = kernel.add(base, update);
  base.dispose();
  update.dispose();
  return [y, { x, lora: { site, scale, inner, kept } }];
}

/** Gradient of `linear` in x; weight and adapter gradients go to `put` under their names. */
export function linearGrad(
  kernel: Ops,
  dy: Tensor2D,
  weight: Tensor2D,
  tape: LinearTape,
  options: {
    readonly name: string;
    readonly weightGrad: boolean;
    readonly biasGrad: boolean;
    readonly inputGrad: boolean;
  },
  put: (name: string, grad: Tensor) => void,
): Tensor2D | undefined {
  const { tf } = engine();
  if (options.weightGrad) put(options.name, kernel.matMul(tape.x, dy, true, false));
  if (options.biasGrad) put(`${options.name}Bias`, tf.sum(dy, 0) as Tensor1D);
  const dx = options.inputGrad ? kernel.matMul(dy, weight, false, true) : undefined;
  if (tape.lora === undefined) return dx;
  const { site, scale, inner, kept } = tape.lora;
  const [db, da, dxLora] = tf.tidy(() => {
    const full = kernel.matMul(inner, dy, true, false);
    const dinner = tf.mul(kernel.matMul(dy, site.b, false, true), scale) as Tensor2D;
    const input = kept === undefined ? tape.x : tf.mul(tape.x, kept) as Tensor2D;
    const out: Tensor[] = [
      site.mask === undefined ? full : kernel.mul(full, site.mask),
      kernel.matMul(input, dinner, true, false),
    ];
    if (dx !== undefined) {
      const through = kernel.matMul(dinner, site.a, false, true);
      out.push(kernel.add(dx, kept === undefined ? through : tf.mul(through, kept) as Tensor2D));
    }
    return out;
  }) as [Tensor, Tensor, Tensor2D | undefined];
  put(`${options.name}.b`, db);
  put(`${options.name}.a`, da);
  dx?.dispose();
  return dxLora;
}

function dropoutFactors(
  kernel: Ops,
  x: Tensor2D,
  rate: number,
  seed: readonly [number, number],
): Tensor2D {
  const { tf } = engine();
  return tf.tidy(() =>
    tf.mul(tf.cast(tf.greaterEqual(kernel.uniform(x.shape, seed), rate), "float32"), 1 / (1 - rate))
  ) as Tensor2D;
}

/** A distinct number for each layer and site. */
function seedOf(layer: number, name: FusedSite): number {
  return layer * 4 + ["qkv", "attentionOut", "gateUp", "down"].indexOf(name);
}
