/** Prints a hash of the bits of every fused kernel's results. Run by threads_test.ts. */
import { createHash } from "node:crypto";
import type { AdamWSlot } from "../../../lib/engine/ops/types.ts";
import { engine, type Tensor } from "../../../lib/engine/tensorflow.ts";
import { native, normals, randomMatrix as matrix, segmentsOf } from "./implementations.ts";

const { tf } = engine();
if (native === undefined) throw new Error("the fused kernels are not built");
const hashes: Record<string, string> = {};
const put = (name: string, ...tensors: Tensor[]) => {
  const hash = createHash("sha256");
  for (const tensor of tensors) {
    const { buffer, byteOffset, byteLength } = tensor.dataSync();
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  hashes[name] = hash.digest("hex");
};
const vector = (name: string, size: number) => tf.tensor1d(normals(name, size));

// Sizes at which every kernel splits its work, none a multiple of a block.
const [rows, width] = [1031, 83];
const x = matrix("x", rows, width), dy = matrix("dy", rows, width);
const weight = vector("weight", width);
const norm = native.rmsNorm(x, dy, weight, 1e-5);
put("rmsNorm", norm.sum, norm.y, norm.inverse);
const normGrad = native.rmsNormGrad(dy, norm.sum, weight, norm.inverse, x, true);
put("rmsNormGrad", normGrad.dx, normGrad.dweight!);

const gateUp = matrix("gateUp", rows, 2 * width);
put("swiglu", native.swiglu(gateUp), native.swigluGrad(dy, gateUp));

const shape = { heads: 6, kvHeads: 2, headDim: 16 };
const packed = segmentsOf([
  { prefix: 40, completions: [71, 5, 130] },
  { prefix: 0, completions: [3] },
  { prefix: 11, completions: [64, 65] },
  { prefix: 90, completions: [1, 33] },
]);
const qkv = matrix("qkv", packed.rows, 160);
const layout = native.attentionLayout(packed.segments, packed.rows);
const attention = native.attention(qkv, layout, shape);
put("attention", attention.out, ...attention.saved);
const dout = matrix("dout", packed.rows, 96);
put("attentionGrad", native.attentionGrad(dout, qkv, attention, layout, shape));
const angles = matrix("angles", 256, 8);
const positions = tf.tensor1d(Int32Array.from({ length: packed.rows }, (_, i) => i % 256), "int32");
const rotation = { cos: tf.cos(angles), sin: tf.sin(angles), positions };
put("rope", native.rope(qkv, rotation, shape, false));

const spans = Int32Array.from({ length: 64 }, (_, i) => i % 2 === 0 ? i : 40 + i);
const cache = native.decodeCache(qkv, spans, 3, shape);
for (let step = 0; step < 3; step++) {
  put(`decode ${step}`, cache.attend(matrix(`decode ${step}`, 32, 160)));
}

const targets = tf.tensor1d(Int32Array.from({ length: 67 }, (_, i) => i * 74), "int32");
const logits = matrix("logits", 67, 5003);
put("tokenLogps", native.tokenLogps(logits, targets));
const result = native.tokenLogpsWithResidual(logits, targets);
put("tokenLogpsWithResidual", result.logps, result.residual);

const size = 60_001;
put("sumSquares", native.sumSquares(vector("squares", size)));
let slot: AdamWSlot = {
  value: vector("value", size),
  first: vector("first", size),
  second: tf.abs(vector("second", size)),
};
slot = native.adamW(slot, vector("grad", size), {
  learningRate: 1e-2,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.1,
  step: 3,
  gradFactor: 0.7,
});
put("adamW", slot.value, slot.first, slot.second);

console.log(JSON.stringify({ threads: engine().info.threads, hashes }));
