/** Values and gradients of the fused operations, against float64 loops and their differences. */
import assert from "node:assert/strict";
import type { AttentionShape } from "../../../lib/engine/ops/types.ts";
import { engine } from "../../../lib/engine/tensorflow.ts";
import * as float64 from "./float64.ts";
import { apart, normals, randomMatrix, segmentsOf, testEach } from "./implementations.ts";

const shapes: readonly AttentionShape[] = [
  { heads: 2, kvHeads: 2, headDim: 6 },
  { heads: 4, kvHeads: 2, headDim: 4 },
  { heads: 3, kvHeads: 1, headDim: 2 },
];

const layouts = {
  "one sequence without a prompt": [{ prefix: 0, completions: [5] }],
  "rows alone": [{ prefix: 0, completions: [1] }, { prefix: 1, completions: [1, 1] }],
  "prompts shared by one, two and three": [
    { prefix: 3, completions: [2] },
    { prefix: 2, completions: [3, 1] },
    { prefix: 0, completions: [2, 2] },
    { prefix: 1, completions: [1, 2, 3] },
  ],
};

for (const shape of shapes) {
  for (const [name, groups] of Object.entries(layouts)) {
    const { heads, kvHeads, headDim } = shape;
    testEach(`attention of ${name}, ${heads} heads over ${kvHeads}`, (kernel) => {
      const { segments, rows } = segmentsOf(groups);
      const qkv = randomMatrix("qkv", rows, (heads + 2 * kvHeads) * headDim);
      const exact = float64.matrix(qkv.dataSync(), qkv.shape[1]);
      const layout = kernel.attentionLayout(segments, rows);
      const result = kernel.attention(qkv, layout, shape);
      assert.deepEqual(result.out.shape, [rows, heads * headDim]);
      assert.ok(apart(result.out, float64.attention(exact, segments, shape).values) < 1e-6);

      const dout = randomMatrix("dout", rows, heads * headDim);
      const gradient = kernel.attentionGrad(dout, qkv, result, layout, shape);
      const expected = float64.numericGradient(
        (x) => float64.attention(x, segments, shape),
        exact,
        dout.dataSync(),
      );
      assert.ok(apart(gradient, expected) < 5e-6);
      layout.dispose();
    });
  }

  testEach(`rope, ${shape.heads} heads over ${shape.kvHeads}`, (kernel) => {
    const { tf } = engine();
    const { heads, kvHeads, headDim } = shape;
    const positions = Int32Array.of(0, 1, 2, 7, 3, 40);
    const frequencies = Array.from({ length: headDim / 2 }, (_, i) => 50 ** (-2 * i / headDim));
    const table = (f: (angle: number) => number) =>
      tf.tensor2d(
        Array.from({ length: 48 }, (_, p) => frequencies.map((w) => f(p * w))),
      );
    const rotation = {
      cos: table(Math.cos),
      sin: table(Math.sin),
      positions: tf.tensor1d(positions, "int32"),
    };
    const width = (heads + 2 * kvHeads) * headDim;
    const x = randomMatrix("x", positions.length, width);
    const exact = float64.matrix(x.dataSync(), width);
    const rotated = (m: float64.Matrix) => float64.rope(m, positions, frequencies, shape);
    const y = kernel.rope(x, rotation, shape, false);
    assert.ok(apart(y, rotated(exact).values) < 1e-6);
    const dy = randomMatrix("dy", positions.length, width);
    const gradient = kernel.rope(dy, rotation, shape, true);
    assert.ok(apart(gradient, float64.numericGradient(rotated, exact, dy.dataSync())) < 1e-6);
    assert.ok(apart(kernel.rope(y, rotation, shape, true), x) < 1e-6, "the inverse turns back");
  });
}

testEach("rmsNorm, with and without a residual", (kernel) => {
  const { tf } = engine();
  const [rows, width, eps] = [5, 12, 1e-5];
  const x = randomMatrix("norm x", rows, width), delta = randomMatrix("delta", rows, width);
  const weight = tf.tensor1d(normals("weight", width));
  const dy = randomMatrix("norm dy", rows, width), residual = randomMatrix("residual", rows, width);
  const exact = (values: ArrayLike<number>) => float64.matrix(values, width);
  const norm = (m: float64.Matrix) => float64.rmsNorm(m, weight.dataSync(), eps);

  const plain = kernel.rmsNorm(x, undefined, weight, eps);
  assert.equal(plain.sum, x);
  assert.ok(apart(plain.y, norm(exact(x.dataSync())).values) < 1e-6);
  const added = kernel.rmsNorm(x, delta, weight, eps);
  const sum = x.dataSync().map((v, i) => v + delta.dataSync()[i]!);
  assert.ok(apart(added.sum, sum) < 1e-6);
  assert.ok(apart(added.y, norm(exact(sum)).values) < 1e-6);

  const input = float64.numericGradient(norm, exact(sum), dy.dataSync());
  const inWeight = float64.numericGradient(
    (w) => float64.rmsNorm(exact(sum), w.values, eps),
    float64.matrix(weight.dataSync(), width),
    dy.dataSync(),
  );
  const alone = kernel.rmsNormGrad(dy, added.sum, weight, added.inverse, undefined, false);
  assert.ok(apart(alone.dx, input) < 1e-6);
  assert.equal(alone.dweight, undefined);
  const both = kernel.rmsNormGrad(dy, added.sum, weight, added.inverse, residual, true);
  assert.ok(apart(both.dx, input.map((g, i) => g + residual.dataSync()[i]!)) < 1e-6);
  assert.ok(apart(both.dweight!, inWeight) < 1e-6);
});

testEach("swiglu, gates far from zero too", (kernel) => {
  const x = randomMatrix("gate up", 4, 10, 3);
  const exact = float64.matrix(x.dataSync(), 10);
  assert.ok(apart(kernel.swiglu(x), float64.swiglu(exact).values) < 1e-6);
  const dy = randomMatrix("swiglu dy", 4, 5);
  const expected = float64.numericGradient(float64.swiglu, exact, dy.dataSync());
  assert.ok(apart(kernel.swigluGrad(dy, x), expected) < 1e-6);

  const { tf } = engine();
  const extreme = tf.tensor2d([[-200, 200, -90, 0, 1, 1, 1, 1]]);
  assert.deepEqual([...kernel.swiglu(extreme).dataSync()].map(Math.abs), [0, 200, 0, 0]);
  const gradient = kernel.swigluGrad(tf.ones([1, 4]), extreme).dataSync();
  assert.ok(gradient.every(Number.isFinite), `${gradient}`);
});

testEach("log-probabilities of tokens and their residual", (kernel) => {
  const { tf } = engine();
  const [rows, vocab] = [6, 11];
  const logits = randomMatrix("logits", rows, vocab, 4);
  const targets = Int32Array.from({ length: rows }, (_, i) => (i * 7) % vocab);
  const exact = float64.matrix(logits.dataSync(), vocab);
  const expected = float64.tokenLogps(exact, targets).values;
  const ids = tf.tensor1d(targets, "int32");
  assert.ok(apart(kernel.tokenLogps(logits, ids), expected) < 1e-6);
  assert.deepEqual([...logits.dataSync()], [...exact.values], "logits are left as they were");

  const consumed = kernel.tokenLogpsWithResidual(logits, ids);
  assert.ok(apart(consumed.logps, expected) < 1e-6);
  const gradient = float64.numericGradient(
    (x) => float64.tokenLogps(x, targets),
    exact,
    new Float64Array(rows).fill(1),
  );
  assert.ok(apart(consumed.residual, gradient) < 1e-6);
});

testEach(
  "log-probabilities of a 50,257 token vocabulary stay exact under large logits",
  (kernel) => {
    const { tf } = engine();
    const vocab = 50_257;
    const rows = [
      normals("wide", vocab, 8),
      normals("shifted", vocab, 2).map((v) => v + 3e4),
      new Float32Array(vocab).fill(-7.5),
      normals("peaked", vocab).fill(120, 17, 18),
    ];
    const values = new Float32Array(rows.length * vocab);
    rows.forEach((row, i) => values.set(row, i * vocab));
    const targets = Int32Array.of(0, vocab - 1, 12_345, 3);
    const expected = float64.tokenLogps(float64.matrix(values, vocab), targets).values;
    const logits = tf.tensor2d(values, [rows.length, vocab]);
    const ids = tf.tensor1d(targets, "int32");
    const own = kernel.tokenLogps(logits, ids);
    assert.ok(apart(own, expected) < 2e-5, `${own.dataSync()} for ${expected}`);
    const { logps, residual } = kernel.tokenLogpsWithResidual(logits, ids);
    assert.ok(apart(logps, expected) < 2e-5);
    const sums = tf.sum(residual, 1).dataSync();
    assert.ok(sums.every((sum) => Math.abs(sum) < 1e-4), `rows of the residual sum to ${sums}`);
  },
);
