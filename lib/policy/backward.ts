import { engine, type Tensor, type Tensor1D, type Tensor2D } from "../engine/tensorflow.ts";
import { ops } from "../engine/ops/ops.ts";
import type { HiddenTape, Weights } from "./forward.ts";
import type { FusedSite } from "./fused_site.ts";
import { attentionShape, prepareHeadsGrad } from "./heads.ts";
import { linearGrad } from "./linear.ts";
import { normaliseGrad } from "./norm.ts";
import type { PackedBatch } from "./packing.ts";

/**
 * Gradients of all trainable tensors from the gradient in the hidden states [M, D].
 *
 * With adapters in `weights`, only they train; without, everything does but the output head, whose
 * gradient the caller has (`headGrad` [V, D] is added where head and embedding are tied).
 * Frees the tape's activations as it goes. Names are those of `namedLora` / `namedParameters`.
 */
export function hiddenGrad(
  weights: Weights,
  batch: PackedBatch,
  tape: HiddenTape,
  dhidden: Tensor2D,
  headGrad: Tensor2D | undefined,
): Map<string, Tensor> {
  const { tf } = engine();
  const kernel = ops();
  const { config, parameters } = weights;
  const full = weights.lora === undefined;
  const grads = new Map<string, Tensor>();
  const put = (name: string, grad: Tensor) => grads.set(name, grad);
  const norm = (
    dy: Tensor2D,
    x: Tensor2D,
    weight: Tensor1D,
    inverse: Tensor1D,
    residual: Tensor2D | undefined,
    name: string,
  ): Tensor2D => {
    const grad = normaliseGrad(kernel, config, dy, x, weight, inverse, residual, full);
    if (grad.dweight !== undefined) put(name, grad.dweight);
    if (grad.dbias !== undefined) put(`${name}Bias`, grad.dbias);
    dy.dispose();
    return grad.dx;
  };
  let stream = norm(
    dhidden,
    tape.last,
    parameters.finalNorm,
    tape.finalInverse,
    undefined,
    "finalNorm",
  );
  for (let i = config.layers - 1; i >= 0; i--) {
    const layer = parameters.layers[i], saved = tape.layers[i];
    if (layer === undefined || saved === undefined) throw new Error(`layer ${i} was not recorded`);
    const grad = (dy: Tensor2D, name: FusedSite, inputGrad = true) => {
      const linearTape = {
        qkv: saved.qkvLinear,
        attentionOut: saved.outLinear,
        gateUp: saved.gateUpLinear,
        down: saved.downLinear,
      }[name];
      const biasGrad = full && layer[`${name}Bias`] !== undefined;
      const options = { name: `layers.${i}.${name}`, weightGrad: full, biasGrad, inputGrad };
      const dx = linearGrad(kernel, dy, layer[name], linearTape, options, put);
      if (linearTape.lora !== undefined) linearTape.lora.inner.dispose();
      return dx as Tensor2D;
    };
    const dactivated = grad(stream, "down");
    const dgateUp = config.gelu
      ? kernel.geluGrad(dactivated, saved.gateUp)
      : kernel.swigluGrad(dactivated, saved.gateUp);
    tf.dispose([dactivated, saved.gateUp, saved.downLinear.x]);
    const dnormed = grad(dgateUp, "gateUp");
    tf.dispose([dgateUp, saved.gateUpLinear.x]);
    let dmiddle = norm(
      dnormed,
      saved.middle,
      layer.mlpNorm,
      saved.mlpInverse,
      stream,
      `layers.${i}.mlpNorm`,
    );
    let dout = grad(config.parallelResidual ? stream : dmiddle, "attentionOut");
    stream.dispose();
    if (i === config.layers - 1 && batch.prefixRows > 0) {
      const rows = batch.tokenIds.length;
      const [middle, out] = [kernel.padRows(dmiddle, rows), kernel.padRows(dout, rows)];
      tf.dispose([dmiddle, dout]);
      [dmiddle, dout] = [middle, out];
    }
    const shape = attentionShape(config, i);
    const drotated = kernel.attentionGrad(dout, saved.qkv, saved.attention, tape.layout, shape);
    tf.dispose([dout, saved.qkv, saved.outLinear.x, saved.attention.out, ...saved.attention.saved]);
    const { headNorm } = saved;
    const ofNorm = full ? put : undefined;
    const dqkv = prepareHeadsGrad(kernel, weights, i, drotated, tape.rotation, headNorm, ofNorm);
    const inputGrad = full || i > 0;
    const dinput = grad(dqkv, "qkv", inputGrad);
    tf.dispose([dqkv, saved.qkvLinear.x]);
    if (!inputGrad) {
      dmiddle.dispose();
      return grads;
    }
    stream = norm(
      dinput,
      saved.input,
      layer.attentionNorm,
      saved.attentionInverse,
      dmiddle,
      `layers.${i}.attentionNorm`,
    );
    dmiddle.dispose();
  }
  const ids = tf.tensor1d(batch.tokenIds, "int32");
  const lookup = kernel.scatterAddRows(stream, ids, config.vocabSize);
  tf.dispose([ids, stream]);
  if (headGrad === undefined) {
    put("embedding", lookup);
  } else if (config.tieEmbeddings) {
    put("embedding", kernel.add(lookup, headGrad));
    tf.dispose([lookup, headGrad]);
  } else {
    put("embedding", lookup);
    put("head", headGrad);
  }
  return grads;
}
