/** Every fused kernel computes what the ordinary ops compute. */
import assert from "node:assert/strict";
import type { AttentionShape, Rotation } from "../../lib/engine/ops/types.ts";
import type { Tensor, Tensor1D, Tensor2D } from "../../lib/engine/tensorflow.ts";
import { packedSegments } from "../support/attention_segments.ts";
import { assertSame, composite, native, nativeTest, random, tf } from "./both_ops.ts";

/** Widths and row counts on both sides of vector, block and thread boundaries. */
const SIZES = [[1, 1], [3, 5], [7, 16], [129, 33], [300, 64]] as const;

const matrix = (name: string, rows: number, columns: number, scale = 1) =>
  random(name, [rows, columns], scale) as Tensor2D;
const vector = (name: string, size: number) => random(name, [size]) as Tensor1D;

nativeTest("matMul, plain and transposed, add, mul, scaleRows", (native) => {
  for (const [m, n] of SIZES) {
    for (const [ta, tb] of [[false, false], [true, false], [false, true], [true, true]] as const) {
      const a = ta ? matrix("a", 19, m) : matrix("a", m, 19);
      const b = tb ? matrix("b", n, 19) : matrix("b", 19, n);
      const expected = composite.matMul(a, b, ta, tb);
      assertSame(native.matMul(a, b, ta, tb), expected, 1e-5, `matMul ${m} ${n} ${ta} ${tb}`);
    }
    const [x, y] = [matrix("x", m, n), matrix("y", m, n)];
    assertSame(native.add(x, y), composite.add(x, y), 0, "add");
    assertSame(native.mul(x, y), composite.mul(x, y), 0, "mul");
    const factors = vector("factors", m);
    assertSame(native.scaleRows(x, factors), composite.scaleRows(x, factors), 0, "scaleRows");
  }
});

nativeTest("rmsNorm and its gradient, with and without delta and residual", (native) => {
  for (const [n, d] of SIZES) {
    const x = matrix("x", n, d, 3), delta = matrix("delta", n, d), weight = vector("weight", d);
    for (const add of [undefined, delta]) {
      const own = native.rmsNorm(x, add, weight, 1e-5);
      const expected = composite.rmsNorm(x, add, weight, 1e-5);
      if (add === undefined) assert.equal(own.sum, x);
      for (const part of ["sum", "y", "inverse"] as const) {
        assertSame(own[part], expected[part], 1e-5, `${part} ${n} ${d}`);
      }
      const dy = matrix("dy", n, d), residual = add === undefined ? undefined : delta;
      const { sum, inverse } = expected;
      for (const weightGrad of [false, true]) {
        const a = native.rmsNormGrad(dy, sum, weight, inverse, residual, weightGrad);
        const b = composite.rmsNormGrad(dy, sum, weight, inverse, residual, weightGrad);
        assertSame(a.dx, b.dx, 2e-5, `dx ${n} ${d}`);
        assert.equal(a.dweight === undefined, !weightGrad);
        if (weightGrad) assertSame(a.dweight!, b.dweight!, 5e-5, `dweight ${n} ${d}`);
      }
    }
  }
});

nativeTest("swiglu and its gradient, gates from -90 to 90 included", (native) => {
  for (const [n, f] of SIZES) {
    const gateUp = matrix("gateUp", n, 2 * f, n === 7 ? 30 : 1), dy = matrix("dy", n, f);
    assertSame(native.swiglu(gateUp), composite.swiglu(gateUp), 1e-5, `swiglu ${n} ${f}`);
    const grads = [native, composite].map((ops) => ops.swigluGrad(dy, gateUp));
    assertSame(grads[0]!, grads[1]!, 1e-5, `swigluGrad ${n} ${f}`);
  }
});

const SHAPES: readonly AttentionShape[] = [
  { heads: 4, kvHeads: 2, headDim: 8 },
  { heads: 3, kvHeads: 3, headDim: 6 },
  { heads: 5, kvHeads: 1, headDim: 4 },
];

/** [rows of the shared prefix, ...rows of each completion] of each group. */
const LAYOUTS: readonly (readonly (readonly number[])[])[] = [
  [[0, 1]],
  [[0, 5]],
  [[3, 1]],
  [[5, 1, 7, 70], [0, 2, 130], [1, 4]],
  [[100, 64, 63, 65, 1]],
  [[64, 64], [65, 128]],
];

function rotationOf(positions: Int32Array, headDim: number): Rotation {
  const table = 256, half = headDim / 2;
  const angles = tf.mul(
    tf.reshape(tf.range(0, table, 1), [table, 1]),
    tf.pow(100, tf.range(0, -1, -1 / half)),
  );
  return {
    cos: tf.cos(angles) as Tensor2D,
    sin: tf.sin(angles) as Tensor2D,
    positions: tf.tensor1d(positions, "int32"),
  };
}

const width = ({ heads, kvHeads, headDim }: AttentionShape) => (heads + 2 * kvHeads) * headDim;

nativeTest("rope, there and back", (native) => {
  for (const shape of SHAPES) {
    const { rows, positions } = packedSegments([[5, 1, 7, 70]]);
    const rotation = rotationOf(positions, shape.headDim);
    const qkv = matrix("qkv", rows, width(shape));
    const turned = native.rope(qkv, rotation, shape, false);
    assertSame(turned, composite.rope(qkv, rotation, shape, false), 1e-6, "rope");
    const back = native.rope(turned, rotation, shape, true);
    assertSame(back, composite.rope(turned, rotation, shape, true), 1e-6, "inverse");
    // Rotations: the inverse (which is also the gradient) undoes them, values are not turned.
    assertSame(back, qkv, 2e-6, "there and back");
    const values = (x: Tensor) => tf.slice(x, [0, width(shape) - shape.headDim], [-1, -1]);
    assertSame(values(turned), values(qkv), 0, "values");
  }
});

/** Attention by its definition, in float64. */
function plainAttention(qkv: Tensor2D, segments: readonly number[][], shape: AttentionShape) {
  const { heads, kvHeads, headDim } = shape;
  const x = qkv.arraySync();
  const out = x.map(() => new Array<number>(heads * headDim).fill(0));
  for (const [start, length, prefixStart, prefixLength] of segments) {
    for (let i = 0; i < length!; i++) {
      const seen = [
        ...Array.from({ length: prefixLength! }, (_, j) => prefixStart! + j),
        ...Array.from({ length: i + 1 }, (_, j) => start! + j),
      ];
      for (let h = 0; h < heads; h++) {
        const kv = Math.floor(h / (heads / kvHeads));
        const [q, k, v] = [h, heads + kv, heads + kvHeads + kv].map((part) => part * headDim);
        const scores = seen.map((row) => {
          let sum = 0;
          for (let c = 0; c < headDim; c++) sum += x[start! + i]![q! + c]! * x[row]![k! + c]!;
          return sum / Math.sqrt(headDim);
        });
        const top = Math.max(...scores);
        const weights = scores.map((s) => Math.exp(s - top));
        const total = weights.reduce((a, b) => a + b, 0);
        for (let c = 0; c < headDim; c++) {
          out[start! + i]![h * headDim + c] = seen.reduce(
            (sum, row, j) => sum + weights[j]! / total * x[row]![v! + c]!,
            0,
          );
        }
      }
    }
  }
  return tf.tensor2d(out);
}

for (const [index, groups] of LAYOUTS.entries()) {
  Deno.test(`attention on layout ${JSON.stringify(groups)} is its definition`, () => {
    tf.tidy(() => {
      const shape = SHAPES[index % SHAPES.length]!;
      const { segments, rows } = packedSegments(groups);
      const qkv = matrix("qkv", rows, width(shape));
      const flat = segments.map((s) => [s.start, s.length, s.prefixStart, s.prefixLength]);
      const expected = plainAttention(qkv, flat, shape);
      for (const ops of native === undefined ? [composite] : [native, composite]) {
        const layout = ops.attentionLayout(segments, rows);
        assertSame(ops.attention(qkv, layout, shape).out, expected, 1e-5, ops.name);
        layout.dispose();
      }
    });
  });

  nativeTest(`the gradient of attention on layout ${JSON.stringify(groups)}`, (native) => {
    for (const shape of SHAPES) {
      const { segments, rows } = packedSegments(groups);
      const qkv = matrix("qkv", rows, width(shape));
      const dout = matrix("dout", rows, shape.heads * shape.headDim);
      const grads = [native, composite].map((ops) => {
        const layout = ops.attentionLayout(segments, rows);
        const grad = ops.attentionGrad(
          dout,
          qkv,
          ops.attention(qkv, layout, shape),
          layout,
          shape,
        );
        layout.dispose();
        return grad;
      });
      // Shared prefix rows sum hundreds of terms.
      assertSame(grads[0]!, grads[1]!, 1e-4, `heads ${shape.heads}`);
    }
  });
}

nativeTest("the decode cache, shared and empty prompts, shrinking batch", (native) => {
  for (const shape of SHAPES) {
    const prompts = matrix("prompts", 9, width(shape));
    // Two responses share a prompt of 5, one has 4 rows, one none.
    const spans = Int32Array.of(0, 5, 0, 5, 5, 4, 0, 0);
    const caches = [native, composite].map((ops) => ops.decodeCache(prompts, spans, 7, shape));
    let kept = [0, 1, 2, 3];
    for (let step = 0; step < 7; step++) {
      if (step === 3 || step === 5) {
        const rows = step === 3 ? [1, 2, 3] : [0, 2];
        kept = rows.map((r) => kept[r]!);
        for (const cache of caches) cache.keep(Int32Array.from(rows));
      }
      const qkv = matrix(`qkv${step}`, kept.length, width(shape));
      const [a, b] = caches.map((cache) => cache.attend(qkv));
      assertSame(a!, b!, 1e-5, `step ${step}`);
    }
    assert.deepEqual(kept, [1, 3]);
    for (const cache of caches) cache.dispose();
  }
});

nativeTest("tokenLogps, and with the residual of its gradient", (native) => {
  for (const [n, v] of [[1, 2], [3, 5], [130, 67], [9, 5000]] as const) {
    const logits = matrix("logits", n, v, 4);
    const targets = tf.tensor1d(Int32Array.from({ length: n }, (_, i) => (i * 31) % v), "int32");
    const expected = composite.tokenLogps(logits, targets);
    assertSame(native.tokenLogps(logits, targets), expected, 1e-5, `tokenLogps ${n} ${v}`);
    // Each consumes its logits.
    const copies = [0, 1].map(() => tf.tensor2d(logits.dataSync().slice(), [n, v]));
    const a = native.tokenLogpsWithResidual(copies[0]!, targets);
    const b = composite.tokenLogpsWithResidual(copies[1]!, targets);
    assertSame(a.logps, b.logps, 1e-5, `logps ${n} ${v}`);
    assertSame(a.residual, b.residual, 1e-5, `residual ${n} ${v}`);
    assertSame(logits, matrix("logits", n, v, 4), 0, "tokenLogps left its logits alone");
  }
});

nativeTest("sumSquares", (native) => {
  for (const size of [1, 77, 16384, 50001]) {
    const x = vector("x", size);
    assertSame(native.sumSquares(x), composite.sumSquares(x), 1e-5, `${size}`);
  }
});

nativeTest("adamW, three steps, clipped and decayed", (native) => {
  for (const size of [1, 4097, 9000]) {
    const value = vector("value", size).dataSync();
    let [a, b] = [0, 1].map(() => ({
      value: tf.tensor1d(value.slice()) as Tensor,
      first: tf.zeros([size]),
      second: tf.zeros([size]),
    }));
    for (let step = 1; step <= 3; step++) {
      const grad = vector(`grad${step}`, size);
      const scalars = {
        learningRate: 1e-2,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weightDecay: 0.1,
        step,
        gradFactor: 0.5,
      };
      a = native.adamW(a!, grad, scalars);
      b = composite.adamW(b!, grad, scalars);
      for (const part of ["value", "first", "second"] as const) {
        assertSame(a[part], b[part], 1e-6, `${part} ${size} step ${step}`);
      }
    }
    for (const slot of [a!, b!]) tf.dispose([slot.value, slot.first, slot.second]);
  }
});

Deno.test("gatherRows, scatterAddRows, sliceRows, padRows by hand", () => {
  tf.tidy(() => {
    for (const ops of native === undefined ? [composite] : [native, composite]) {
      const table = tf.tensor2d([[1, 2], [3, 4], [5, 6]]);
      const ids = tf.tensor1d([2, 0, 2], "int32");
      assert.deepEqual(ops.gatherRows(table, ids).arraySync(), [[5, 6], [1, 2], [5, 6]]);
      assert.deepEqual(
        ops.scatterAddRows(table, ids, 4).arraySync(),
        [[3, 4], [0, 0], [6, 8], [0, 0]],
      );
      assert.deepEqual(ops.sliceRows(table, 1, 2).arraySync(), [[3, 4], [5, 6]]);
      assert.deepEqual(ops.padRows(table, 4).arraySync(), [[0, 0], [1, 2], [3, 4], [5, 6]]);
    }
  });
});

Deno.test("uniform numbers repeat for equal seeds, differ for others, and fill [0, 1)", () => {
  tf.tidy(() => {
    const draw = (...seed: [number, number]) => composite.uniform([20_000], seed).dataSync();
    const values = draw(4_000_000_000, 7);
    assert.deepEqual(draw(4_000_000_000, 7), values);
    for (const other of [draw(4_000_000_001, 7), draw(4_000_000_000, 8), draw(7, 4_000_000_000)]) {
      const equal = other.filter((value, i) => value === values[i]).length;
      assert.ok(equal < 20, `${equal} of 20,000 equal numbers`);
    }
    assert.ok(values.every((value) => value >= 0 && value < 1));
    for (let bin = 0; bin < 10; bin++) {
      const count = values.filter((value) => Math.floor(value * 10) === bin).length;
      assert.ok(Math.abs(count - 2000) < 200, `bin ${bin}: ${count}`);
    }
  });
});
