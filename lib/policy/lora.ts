import { engine, type Tensor, type Tensor2D } from "../engine/tensorflow.ts";
import { ops } from "../engine/ops/ops.ts";
import { UserError } from "../errors.ts";
import { createPrng } from "../random/prng.ts";
import type { ModelConfig } from "./config.ts";
import { FUSED_SITES, type FusedSite } from "./fused_site.ts";
import type { LayerParameters, ModelParameters } from "./parameters.ts";
import { fusedProjections, type Projection } from "./projections.ts";

/** LoRA's settings (Hu et al. 2021). */
export interface LoraConfig {
  /** Rank r of every adapter. */
  readonly rank: number;
  /** The update is scaled by alpha / rank. */
  readonly alpha: number;
  /** Probability of dropping an adapter's input, in [0, 1). */
  readonly dropout: number;
  /** Last parts of module names, for example `q_proj`. */
  readonly targetModules: readonly string[];
}

/** The last part of a projection's module name, by which LoRA targets it. */
function targetName({ module }: Projection): string {
  return module.split(".").at(-1) as string;
}

/** The projections that LoRA may target: all linear layers but the output. */
export function loraModules(config: ModelConfig): string[] {
  const fused = fusedProjections(config);
  return FUSED_SITES.flatMap((site) => fused[site].projections.map(targetName));
}

/**
 * The adapters of one fused matrix: y += (alpha / rank) * x A B.
 *
 * A is [in, rank * modules]; B is [rank * modules, out], block diagonal: `mask` clears what would
 * mix modules.
 */
export interface LoraSite {
  readonly a: Tensor2D;
  readonly b: Tensor2D;
  /** 1 in the blocks of B, 0 elsewhere; undefined where one module fills the matrix. */
  readonly mask: Tensor2D | undefined;
}

/** Adapters by layer and site. */
export type LoraLayers = readonly Partial<Record<FusedSite, LoraSite>>[];

/** One projection's block inside a site: which columns of A and of the output are its own. */
export interface LoraBlock extends Projection {
  readonly site: FusedSite;
  readonly inputs: number;
  /** First of the module's `rank` columns in A and rows in B. */
  readonly offset: number;
  /** Columns of the fused output, and rank times modules of the site. */
  readonly outputs: number;
  readonly inner: number;
}

/** The blocks of one layer that the targets name. @throws UserError naming an unknown target. */
export function loraBlocks(config: ModelConfig, lora: LoraConfig): LoraBlock[] {
  const known = loraModules(config);
  for (const target of lora.targetModules) {
    if (!known.includes(target)) {
      throw new UserError(`LoRA target ${target} is unknown: choose from ${known}`);
    }
  }
  const fused = fusedProjections(config);
  return FUSED_SITES.flatMap((site) => {
    const { inputs, projections } = fused[site];
    const outputs = projections.reduce((sum, p) => sum + p.width, 0);
    const own = projections.filter((p) => lora.targetModules.includes(targetName(p)));
    return own.map((p, index) => ({
      ...p,
      site,
      inputs,
      offset: index * lora.rank,
      outputs,
      inner: own.length * lora.rank,
    }));
  });
}

/** Values of one block in PEFT's layout: A [rank, in] and B [out, rank]. */
export type BlockValues = (layer: number, block: LoraBlock) => {
  readonly a: Float32Array;
  readonly b: Float32Array;
};

/** PEFT's default: A uniform in +-1/sqrt(in) (Kaiming with a = sqrt 5), B zero. */
export function initialLora(config: ModelConfig, lora: LoraConfig, seed: number): LoraLayers {
  return buildLora(config, lora, (layer, block) => {
    const prng = createPrng(seed, "lora", layer, block.module);
    const bound = 1 / Math.sqrt(block.inputs);
    const size = lora.rank * block.inputs;
    return {
      a: Float32Array.from({ length: size }, () => (2 * prng.uniform() - 1) * bound),
      b: new Float32Array(block.width * lora.rank),
    };
  });
}

/** Adapters from values in PEFT's layout. */
export function buildLora(config: ModelConfig, lora: LoraConfig, values: BlockValues): LoraLayers {
  const { tf } = engine();
  const { rank } = lora;
  const blocks = loraBlocks(config, lora);
  return Array.from({ length: config.layers }, (_, layer) => {
    const sites: Partial<Record<FusedSite, LoraSite>> = {};
    for (const site of FUSED_SITES) {
      const own = blocks.filter((block) => block.site === site);
      const [first] = own;
      if (first === undefined) continue;
      const { inner, inputs, outputs } = first;
      const a = new Float32Array(inputs * inner), b = new Float32Array(inner * outputs);
      const mask = new Float32Array(inner * outputs);
      for (const block of own) {
        const value = values(layer, block);
        for (let r = 0; r < rank; r++) {
          const row = block.offset + r;
          for (let i = 0; i < inputs; i++) {
            a[i * inner + row] = value.a[r * inputs + i] as number;
          }
          for (let o = 0; o < block.width; o++) {
            const at = row * outputs + block.column + (block.order?.[o] ?? o);
            b[at] = value.b[o * rank + r] as number;
            mask[at] = 1;
          }
        }
      }
      sites[site] = {
        a: tf.keep(tf.tensor2d(a, [inputs, inner])),
        b: tf.keep(tf.tensor2d(b, [inner, outputs])),
        mask: mask.includes(0) ? tf.keep(tf.tensor2d(mask, [inner, outputs])) : undefined,
      };
    }
    return sites;
  });
}

/** The blocks of adapters in PEFT's layout, by layer. The inverse of `buildLora`. */
export async function exportLora(
  config: ModelConfig,
  lora: LoraConfig,
  layers: LoraLayers,
): Promise<{ layer: number; block: LoraBlock; a: Float32Array; b: Float32Array }[]> {
  const { rank } = lora;
  const out: { layer: number; block: LoraBlock; a: Float32Array; b: Float32Array }[] = [];
  for (const [layer, sites] of layers.entries()) {
    for (const block of loraBlocks(config, lora)) {
      const site = sites[block.site];
      if (site === undefined) continue;
      const [fullA, fullB] = await Promise.all([site.a.data(), site.b.data()]);
      const a = new Float32Array(rank * block.inputs), b = new Float32Array(block.width * rank);
      for (let r = 0; r < rank; r++) {
        const row = block.offset + r;
        for (let i = 0; i < block.inputs; i++) {
          a[r * block.inputs + i] = fullA[i * block.inner + row] as number;
        }
        for (let o = 0; o < block.width; o++) {
          const column = block.column + (block.order?.[o] ?? o);
          b[o * rank + r] = fullB[row * block.outputs + column] as number;
        }
      }
      out.push({ layer, block, a, b });
    }
  }
  return out;
}

/** Named tensors that train, in a fixed order. */
export function namedLora(layers: LoraLayers): Map<string, Tensor> {
  const named = new Map<string, Tensor>();
  layers.forEach((sites, i) => {
    for (const [site, { a, b }] of Object.entries(sites)) {
      named.set(`layers.${i}.${site}.a`, a);
      named.set(`layers.${i}.${site}.b`, b);
    }
  });
  return named;
}

/** The same adapters with the named tensors in place of A and B. */
export function loraFromNamed(layers: LoraLayers, named: ReadonlyMap<string, Tensor>): LoraLayers {
  return layers.map((sites, i) =>
    Object.fromEntries(
      Object.entries(sites).map(([site, { mask, a, b }]) => [site, {
        mask,
        a: (named.get(`layers.${i}.${site}.a`) ?? a) as Tensor2D,
        b: (named.get(`layers.${i}.${site}.b`) ?? b) as Tensor2D,
      }]),
    )
  );
}

/**
 * Base weights with the adapters added in: generation and scoring then cost what the base costs.
 * Adapted matrices are new tensors; the others are shared. Free with `disposeMerged`.
 */
export function mergeLora(
  base: ModelParameters,
  lora: LoraConfig,
  layers: LoraLayers,
): ModelParameters {
  const { tf } = engine();
  const kernel = ops();
  const merged = base.layers.map((layer, i): LayerParameters => {
    const next: Partial<Record<FusedSite, Tensor2D>> = {};
    for (const [site, { a, b }] of Object.entries(layers[i] ?? {})) {
      next[site as FusedSite] = tf.keep(tf.tidy(() => {
        const update = kernel.matMul(tf.mul(a, lora.alpha / lora.rank) as Tensor2D, b);
        return kernel.add(layer[site as FusedSite], update);
      }));
    }
    return { ...layer, ...next };
  });
  return { ...base, layers: merged };
}

/** Frees what `mergeLora` made and nothing of the base. */
export function disposeMerged(merged: ModelParameters, base: ModelParameters): void {
  merged.layers.forEach((layer, i) => {
    for (const site of FUSED_SITES) {
      if (layer[site] !== base.layers[i]?.[site]) layer[site].dispose();
    }
  });
}
