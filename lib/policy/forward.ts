import { engine, type Tensor, type Tensor1D, type Tensor2D } from "../engine/tensorflow.ts";
import type { AttentionLayout, AttentionResult, Ops, Rotation } from "../engine/ops/types.ts";
import { ops } from "../engine/ops/ops.ts";
import type { LoraConfig, LoraLayers } from "./lora.ts";
import { linear, type LinearTape } from "./linear.ts";
import type { ModelConfig } from "./config.ts";
import type { FusedSite } from "./fused_site.ts";
import { attentionShape, type HeadNormTape, prepareHeads } from "./heads.ts";
import { normalise } from "./norm.ts";
import type { LayerParameters, ModelParameters } from "./parameters.ts";
import type { PackedBatch } from "./packing.ts";
import type { RotaryTables } from "./rotary.ts";

/** Everything a forward pass reads. */
export interface Weights {
  readonly config: ModelConfig;
  readonly parameters: ModelParameters;
  readonly rotary: RotaryTables;
  /** Unmerged adapters; `dropoutSeed` switches their dropout on. */
  readonly lora?: {
    readonly config: LoraConfig;
    readonly layers: LoraLayers;
    readonly dropoutSeed?: number;
  };
}

/** Activations of one layer that its gradient needs. */
export interface LayerTape {
  readonly input: Tensor2D;
  readonly attentionInverse: Tensor1D;
  readonly qkvLinear: LinearTape;
  readonly headNorm: HeadNormTape | undefined;
  readonly qkv: Tensor2D;
  readonly attention: AttentionResult;
  readonly outLinear: LinearTape;
  readonly middle: Tensor2D;
  readonly mlpInverse: Tensor1D;
  readonly gateUpLinear: LinearTape;
  readonly gateUp: Tensor2D;
  readonly downLinear: LinearTape;
}

/** Activations of a whole pass. */
export interface HiddenTape {
  readonly layers: readonly LayerTape[];
  /** Residual stream before the final norm, [M, D]. */
  readonly last: Tensor2D;
  readonly finalInverse: Tensor1D;
  readonly layout: AttentionLayout;
  readonly rotation: Rotation;
}

/** Device tensors of a packed batch. */
function place(weights: Weights, batch: PackedBatch, kernel: Ops) {
  const { tf } = engine();
  const longest = batch.positions.reduce((a, b) => Math.max(a, b), 0) + 1;
  const rotation: Rotation = {
    ...weights.rotary.upTo(longest),
    positions: tf.tensor1d(batch.positions, "int32"),
  };
  return { rotation, layout: kernel.attentionLayout(batch.segments, batch.tokenIds.length) };
}

/**
 * Hidden states of the rows that predict completion tokens, after the final norm: [M, D].
 *
 * The last layer drops prompt rows after attention: nothing reads them. With `record`, the tape
 * holds what `hiddenGrad` needs; without, activations are freed as the pass goes on. Call inside
 * `tf.tidy`; dispose the layout afterwards.
 */
export function hiddenStates(
  weights: Weights,
  batch: PackedBatch,
  record: boolean,
): { hidden: Tensor2D; tape: HiddenTape } {
  const { tf } = engine();
  const kernel = ops();
  const { config, parameters } = weights;
  const { rotation, layout } = place(weights, batch, kernel);
  const free = (...tensors: Tensor[]) => {
    if (!record) tf.dispose(tensors);
  };
  const ids = tf.tensor1d(batch.tokenIds, "int32");
  let residual = kernel.gatherRows(parameters.embedding, ids);
  let delta: Tensor2D | undefined;
  const layers: LayerTape[] = [];
  parameters.layers.forEach((layer: LayerParameters, index) => {
    const site = (name: FusedSite, x: Tensor2D) =>
      linear(kernel, x, layer, weights.lora, index, name);
    const norm1 = normalise(kernel, config, residual, delta, {
      weight: layer.attentionNorm,
      bias: layer.attentionNormBias,
    });
    if (delta !== undefined) {
      delta.dispose();
      free(residual);
    }
    const [qkvRaw, qkvLinear] = site("qkv", norm1.y);
    free(norm1.y);
    const { qkv, tape: headNorm } = prepareHeads(kernel, weights, index, qkvRaw, rotation);
    if (headNorm !== undefined) free(headNorm.raw, headNorm.queryInverse, headNorm.keyInverse);
    const attention = kernel.attention(qkv, layout, attentionShape(config, index));
    if (!record) tf.dispose([qkv, ...attention.saved]);
    let stream = norm1.sum, attended = attention.out;
    if (index === config.layers - 1 && batch.prefixRows > 0) {
      stream = kernel.sliceRows(stream, batch.prefixRows, batch.targets.length);
      attended = kernel.sliceRows(attended, batch.prefixRows, batch.targets.length);
      free(norm1.sum, attention.out);
    }
    const [projected, outLinear] = site("attentionOut", attended);
    free(attended);
    const parallel = config.parallelResidual === true;
    const norm2 = normalise(kernel, config, stream, parallel ? undefined : projected, {
      weight: layer.mlpNorm,
      bias: layer.mlpNormBias,
    });
    if (!parallel) {
      projected.dispose();
      free(stream);
    }
    const [gateUp, gateUpLinear] = site("gateUp", norm2.y);
    free(norm2.y);
    const activated = config.gelu ? kernel.gelu(gateUp) : kernel.swiglu(gateUp);
    free(gateUp);
    const [own, downLinear] = site("down", activated);
    free(activated);
    const down = parallel ? kernel.add(own, projected) : own;
    if (parallel) tf.dispose([own, projected]);
    if (record) {
      layers.push({
        input: norm1.sum,
        attentionInverse: norm1.inverse,
        qkvLinear,
        headNorm,
        qkv,
        attention,
        outLinear,
        middle: norm2.sum,
        mlpInverse: norm2.inverse,
        gateUpLinear,
        gateUp,
        downLinear,
      });
    }
    residual = norm2.sum;
    delta = down;
  });
  const final = normalise(kernel, config, residual, delta, {
    weight: parameters.finalNorm,
    bias: parameters.finalNormBias,
  });
  delta?.dispose();
  free(residual);
  return {
    hidden: final.y,
    tape: { layers, last: final.sum, finalInverse: final.inverse, layout, rotation },
  };
}
