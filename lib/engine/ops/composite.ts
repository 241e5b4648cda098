import type { Engine, Tensor, Tensor1D, Tensor2D, Tensor4D } from "../tensorflow.ts";
import { refuseTooLong } from "./attention_room.ts";
import { compositeDecodeCache } from "./composite_decode.ts";
import { compositeLayout, type PaddedLayout } from "./composite_layout.ts";
import { geluOps } from "./gelu.ts";
import { layerNormOps } from "./layer_norm.ts";
import type { AttentionShape, Ops } from "./types.ts";

/** The model's operations from ordinary TensorFlow.js ops: any backend, one kernel an op. */
export function compositeOps(engine: Engine): Ops {
  const { tf, raw } = engine;
  const wasm = engine.info.backend === "wasm";

  // wasm's kernel for transposed operands is a naive loop: transpose first.
  const matMul = <T extends Tensor>(a: T, b: T, transposeA = false, transposeB = false): T => {
    if (!wasm || !(transposeA || transposeB)) return tf.matMul(a, b, transposeA, transposeB) as T;
    const swap = (t: Tensor) => {
      const axes = t.shape.map((_, i) => i);
      [axes[axes.length - 2], axes[axes.length - 1]] = [axes.length - 1, axes.length - 2];
      return tf.transpose(t, axes);
    };
    return tf.tidy(() =>
      tf.matMul(transposeA ? swap(a) : a, transposeB ? swap(b) : b)
    ) as unknown as T;
  };

  /** Columns of head group `first`.. of [M, W] as [S, heads, T, headDim]. */
  const heads = (
    x: Tensor2D,
    first: number,
    count: number,
    headDim: number,
    segments: number,
  ): Tensor4D =>
    tf.transpose(
      tf.reshape(
        tf.slice(x, [0, first * headDim], [-1, count * headDim]),
        [segments, -1, count, headDim],
      ),
      [0, 2, 1, 3],
    ) as Tensor4D;
  /** The inverse of `heads`: [S, heads, T, headDim] to [S * T, heads * headDim]. */
  const rows = (x: Tensor4D): Tensor2D => {
    const [s, h, t, d] = x.shape;
    return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [s * t, h * d]);
  };
  /** Query heads regrouped under their key head: [S, KV, rep * T, headDim]. */
  const grouped = (x: Tensor4D, kvHeads: number): Tensor4D => {
    const [s, h, t, d] = x.shape;
    return tf.reshape(x, [s, kvHeads, (h / kvHeads) * t, d]);
  };
  const ungrouped = (x: Tensor4D, h: number): Tensor4D => {
    const [s, kv, t, d] = x.shape;
    return tf.reshape(x, [s, h, (t * kv) / h, d]);
  };
  const padded = (qkv: Tensor2D, layout: PaddedLayout, shape: AttentionShape) => {
    const { heads: h, kvHeads, headDim } = shape;
    const count = layout.segments.length;
    const queries = tf.gather(tf.slice(qkv, [0, 0], [-1, h * headDim]), layout.queryRows);
    const keysValues = tf.gather(tf.slice(qkv, [0, h * headDim], [-1, -1]), layout.keyRows);
    return {
      q: grouped(heads(queries, 0, h, headDim, count), kvHeads),
      k: heads(keysValues, 0, kvHeads, headDim, count),
      v: heads(keysValues, kvHeads, kvHeads, headDim, count),
    };
  };

  const scatterAddRows = (values: Tensor2D, ids: Tensor1D, count: number): Tensor2D => {
    if (!wasm) return tf.unsortedSegmentSum(values, ids, count) as Tensor2D;
    return tf.tidy(() => {
      const oneHot = tf.cast(
        tf.equal(tf.expandDims(tf.range(0, count, 1, "int32"), 1), tf.expandDims(ids, 0)),
        "float32",
      );
      return tf.matMul(oneHot, values) as Tensor2D;
    });
  };

  return {
    name: "composite",
    matMul,
    add: <T extends Tensor>(a: T, b: T) => tf.add(a, b) as T,
    mul: (a, b) => tf.mul(a, b),
    addBias: (x, bias) => tf.add(x, bias),
    ...layerNormOps(tf),
    ...geluOps(tf),
    scaleRows: (x, factors) => tf.tidy(() => tf.mul(x, tf.expandDims(factors, 1))),
    gatherRows: (table, ids) => tf.gather(table, ids),
    scatterAddRows,
    sliceRows: (x, start, count) => tf.slice(x, [start, 0], [count, -1]),
    padRows: (x, count) => tf.pad(x, [[count - x.shape[0], 0], [0, 0]]),
    rmsNorm: (x, delta, weight, eps) => {
      const sum = delta === undefined ? x : tf.add(x, delta) as Tensor2D;
      const [y, inverse] = tf.tidy(() => {
        const inv = tf.rsqrt(tf.add(tf.mean(tf.square(sum), 1, true), eps));
        return [tf.mul(tf.mul(sum, inv), weight), tf.reshape(inv, [-1])];
      });
      return { sum, y: y as Tensor2D, inverse: inverse as Tensor1D };
    },
    rmsNormGrad: (dy, x, weight, inverse, residual, weightGrad) => {
      const [dx, dweight] = tf.tidy(() => {
        const inv = tf.expandDims(inverse, 1);
        const g = tf.mul(dy, weight);
        const scale = tf.mul(tf.mean(tf.mul(g, x), 1, true), tf.mul(inv, tf.square(inv)));
        const grad = tf.sub(tf.mul(g, inv), tf.mul(x, scale));
        const total = residual === undefined ? grad : tf.add(grad, residual);
        return weightGrad ? [total, tf.sum(tf.mul(tf.mul(dy, x), inv), 0)] : [total];
      }) as Tensor[];
      return { dx: dx as Tensor2D, dweight: dweight as Tensor1D | undefined };
    },
    rope: (qkv, rotation, shape, inverse) =>
      tf.tidy(() => {
        const half = shape.headDim / 2, turning = shape.heads + shape.kvHeads;
        const n = qkv.shape[0];
        const cos = tf.expandDims(tf.gather(rotation.cos, rotation.positions), 1);
        const table = tf.expandDims(tf.gather(rotation.sin, rotation.positions), 1);
        const sin = inverse ? tf.neg(table) : table;
        const turned = tf.reshape(tf.slice(qkv, [0, 0], [-1, turning * shape.headDim]), [
          n,
          turning,
          shape.headDim,
        ]);
        const a = tf.slice(turned, [0, 0, 0], [-1, -1, half]);
        const b = tf.slice(turned, [0, 0, half], [-1, -1, half]);
        const rotated = tf.concat([
          tf.sub(tf.mul(a, cos), tf.mul(b, sin)),
          tf.add(tf.mul(b, cos), tf.mul(a, sin)),
        ], 2);
        const values = tf.slice(qkv, [0, turning * shape.headDim], [-1, -1]);
        return tf.concat([tf.reshape(rotated, [n, -1]), values], 1) as Tensor2D;
      }),
    attentionLayout: (segments, count) => compositeLayout(tf, segments, count),
    attention: (qkv, layout, shape) => {
      const pad = layout as PaddedLayout;
      refuseTooLong(pad.segments, shape.heads, engine.info);
      const [out, weights] = tf.tidy(() => {
        const { q, k, v } = padded(qkv, pad, shape);
        const scores = tf.mul(matMul(q, k, false, true), 1 / Math.sqrt(shape.headDim));
        const p = tf.softmax(
          tf.add(ungrouped(scores as Tensor4D, shape.heads), pad.maskOf(shape.window)),
        ) as Tensor4D;
        const y = ungrouped(matMul(grouped(p, shape.kvHeads), v), shape.heads);
        return [tf.gather(rows(y), pad.slotOfRow), p];
      });
      return { out: out as Tensor2D, saved: [weights as Tensor] };
    },
    attentionGrad: (dout, qkv, result, layout, shape) =>
      tf.tidy(() => {
        const pad = layout as PaddedLayout;
        const count = pad.segments.length;
        const { q, k, v } = padded(qkv, pad, shape);
        const p = grouped(result.saved[0] as Tensor4D, shape.kvHeads);
        // Padding slots repeat row 0: their gradient is cleared.
        const dySlots = tf.mul(tf.gather(dout, pad.queryRows), pad.queryValid) as Tensor2D;
        const dy = grouped(
          heads(dySlots, 0, shape.heads, shape.headDim, count),
          shape.kvHeads,
        );
        const dp = matMul(dy, v, false, true);
        const ds = tf.mul(
          tf.mul(p, tf.sub(dp, tf.sum(tf.mul(dp, p), -1, true))),
          1 / Math.sqrt(shape.headDim),
        ) as Tensor4D;
        const dq = tf.gather(rows(ungrouped(matMul(ds, k), shape.heads)), pad.slotOfRow);
        const dk = rows(matMul(ds, q, true, false));
        const dv = rows(matMul(p, dy, true, false));
        const dkv = scatterAddRows(tf.concat([dk, dv], 1), pad.keyRows, pad.rows);
        return tf.concat([dq, dkv], 1) as Tensor2D;
      }),
    decodeCache: (promptQkv, spans, _capacity, shape) =>
      compositeDecodeCache(tf, matMul, promptQkv, spans, shape),
    swiglu: (gateUp) =>
      tf.tidy(() => {
        const [gate, up] = tf.split(gateUp, 2, 1) as [Tensor2D, Tensor2D];
        return tf.mul(tf.mul(gate, tf.sigmoid(gate)), up);
      }),
    swigluGrad: (dy, gateUp) =>
      tf.tidy(() => {
        const [gate, up] = tf.split(gateUp, 2, 1) as [Tensor2D, Tensor2D];
        const s = tf.sigmoid(gate);
        const dgate = tf.mul(tf.mul(dy, up), tf.mul(s, tf.add(1, tf.mul(gate, tf.sub(1, s)))));
        return tf.concat([dgate, tf.mul(dy, tf.mul(gate, s))], 1) as Tensor2D;
      }),
    tokenLogps: (logits, targets) =>
      tf.tidy(() => {
        const index = tf.stack([tf.range(0, targets.size, 1, "int32"), targets], 1);
        return tf.gatherND(tf.logSoftmax(logits), index) as Tensor1D;
      }),
    tokenLogpsWithResidual: (logits, targets) => {
      const [logps, residual] = tf.tidy(() => {
        const all = tf.logSoftmax(logits);
        const index = tf.stack([tf.range(0, targets.size, 1, "int32"), targets], 1);
        const oneHot = tf.cast(tf.oneHot(targets, logits.shape[1]), "float32");
        return [tf.gatherND(all, index), tf.sub(oneHot, tf.exp(all))];
      });
      logits.dispose();
      return { logps: logps as Tensor1D, residual: residual as Tensor2D };
    },
    sumSquares: (x) => tf.tidy(() => tf.sum(tf.square(x))),
    adamW: (slot, grad, s) => {
      const [value, first, second] = tf.tidy(() => {
        const g = tf.mul(grad, s.gradFactor);
        const m = tf.add(tf.mul(slot.first, s.beta1), tf.mul(g, 1 - s.beta1));
        const v = tf.add(tf.mul(slot.second, s.beta2), tf.mul(tf.square(g), 1 - s.beta2));
        const root = tf.add(tf.div(tf.sqrt(v), Math.sqrt(1 - s.beta2 ** s.step)), s.epsilon);
        const update = tf.mul(tf.div(m, root), s.learningRate / (1 - s.beta1 ** s.step));
        return [
          tf.sub(tf.mul(slot.value, 1 - s.learningRate * s.weightDecay), update),
          m,
          v,
        ];
      }) as [Tensor, Tensor, Tensor];
      tf.dispose([slot.value, slot.first, slot.second]);
      for (const tensor of [value, first, second]) tf.keep(tensor);
      return { value, first, second };
    },
    uniform: (shape, seed) => {
      if (raw === undefined) return tf.randomUniform(shape, 0, 1, "float32", seed.join());
      return tf.tidy(() =>
        raw.execute("StatelessRandomUniform", [
          { name: "dtype", type: raw.attr.type, value: raw.dtype.float32 },
          { name: "T", type: raw.attr.type, value: raw.dtype.int32 },
          { name: "Tseed", type: raw.attr.type, value: raw.dtype.int32 },
        ], [
          tf.tensor1d(shape, "int32"),
          tf.tensor1d([...seed].map((s) => s | 0), "int32"),
        ], 1)
      )[0] as Tensor;
    },
  };
}
