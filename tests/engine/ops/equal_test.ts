/** The fused kernels against ordinary ones on shapes that fill blocks, cross them and miss them. */
import assert from "node:assert/strict";
import type { AttentionShape, Ops } from "../../../lib/engine/ops/types.ts";
import { engine, type Tensor, type Tensor1D } from "../../../lib/engine/tensorflow.ts";
import { apart, normals, randomMatrix, segmentsOf, testBoth } from "./implementations.ts";

const shapes: readonly AttentionShape[] = [
  { heads: 9, kvHeads: 3, headDim: 16 },
  { heads: 4, kvHeads: 4, headDim: 10 },
  { heads: 4, kvHeads: 1, headDim: 8 },
];

const layouts = {
  "more rows than a query block": [
    { prefix: 70, completions: [150, 64] },
    { prefix: 0, completions: [65] },
    { prefix: 129, completions: [1] },
  ],
  "many short ones": Array.from({ length: 23 }, (_, i) => ({
    prefix: i % 5,
    completions: Array.from({ length: 1 + i % 3 }, (_, k) => 1 + (i * 3 + k) % 7),
  })),
};

for (const shape of shapes) {
  for (const [name, groups] of Object.entries(layouts)) {
    testBoth(`attention, ${name}, ${shape.heads} heads over ${shape.kvHeads}`, (native, other) => {
      const { segments, rows } = segmentsOf(groups);
      const { heads, kvHeads, headDim } = shape;
      const qkv = randomMatrix("qkv", rows, (heads + 2 * kvHeads) * headDim, 2);
      const dout = randomMatrix("dout", rows, heads * headDim);
      const [own, theirs] = [native, other].map((kernel) => {
        const layout = kernel.attentionLayout(segments, rows);
        const result = kernel.attention(qkv, layout, shape);
        const gradient = kernel.attentionGrad(dout, qkv, result, layout, shape);
        layout.dispose();
        return { out: result.out, gradient };
      });
      assert.ok(apart(own!.out, theirs!.out) < 5e-6);
      assert.ok(apart(own!.gradient, theirs!.gradient) < 5e-5);
    });
  }

  testBoth(`decoding, ${shape.heads} heads over ${shape.kvHeads}`, (native, other) => {
    const { tf } = engine();
    const { heads, kvHeads, headDim } = shape;
    const width = (heads + 2 * kvHeads) * headDim;
    const prompts = randomMatrix("prompts", 12, width);
    // Two responses share the first prompt, one has the second, one has no prompt rows.
    const spans = Int32Array.of(0, 5, 0, 5, 5, 7, 12, 0);
    const caches = [native, other].map((kernel) =>
      kernel.decodeCache(prompts, spans, 6, shape)
    ) as [ReturnType<Ops["decodeCache"]>, ReturnType<Ops["decodeCache"]>];
    let batch = 4;
    for (let step = 0; step < 6; step++) {
      const qkv = randomMatrix(`token ${step}`, batch, width);
      const [own, theirs] = caches.map((cache) => cache.attend(qkv)) as [Tensor, Tensor];
      assert.deepEqual(own.shape, [batch, heads * headDim]);
      assert.ok(apart(own, theirs) < 5e-6, `step ${step}`);
      const kept = { 1: [1, 2, 3], 3: [0, 2] }[step];
      if (kept === undefined) continue;
      for (const cache of caches) cache.keep(Int32Array.from(kept));
      batch = kept.length;
    }
    for (const cache of caches) cache.dispose();
    tf.dispose(prompts);
  });
}

for (const [rows, width] of [[1, 2], [3, 7], [128, 64], [300, 33]] as const) {
  testBoth(`norm, swiglu and log-probabilities of [${rows}, ${width}]`, (native, other) => {
    const { tf } = engine();
    const x = randomMatrix("x", rows, width), delta = randomMatrix("delta", rows, width);
    const weight = tf.tensor1d(normals("weight", width));
    const dy = randomMatrix("dy", rows, width);
    const gateUp = randomMatrix("gate up", rows, 2 * width);
    const ids = tf.tensor1d(Int32Array.from({ length: rows }, (_, i) => i % width), "int32");
    const factors = tf.tensor1d(normals("factors", rows));
    const [own, theirs] = [native, other].map((kernel): Record<string, Tensor> => {
      const { sum, y, inverse } = kernel.rmsNorm(x, delta, weight, 1e-6);
      const norm = kernel.rmsNormGrad(dy, sum, weight, inverse, delta, true);
      const bare = kernel.rmsNorm(x, undefined, weight, 1e-6);
      const logps = kernel.tokenLogpsWithResidual(kernel.add(x, delta), ids);
      return {
        sum,
        y,
        inverse,
        bare: bare.y,
        dx: norm.dx,
        dweight: norm.dweight!,
        swiglu: kernel.swiglu(gateUp),
        swigluGrad: kernel.swigluGrad(dy, gateUp),
        logps: logps.logps,
        residual: logps.residual,
        onlyLogps: kernel.tokenLogps(x, ids),
        squares: kernel.sumSquares(x),
        scaled: kernel.scaleRows(x, factors),
        add: kernel.add(x, dy),
        mul: kernel.mul(x, dy),
        product: kernel.matMul(x, dy, true, false),
        productT: kernel.matMul(x, dy, false, true),
        sliced: kernel.sliceRows(x, rows - 1, 1),
        padded: kernel.padRows(x, rows + 3),
        gathered: kernel.gatherRows(x, ids.mod(rows).toInt() as Tensor1D),
        scattered: kernel.scatterAddRows(x, ids, width),
      };
    }) as [Record<string, Tensor>, Record<string, Tensor>];
    for (const [name, tensor] of Object.entries(own)) {
      assert.deepEqual(tensor.shape, theirs[name]!.shape, name);
      const tolerance = ["squares", "dweight", "product", "productT"].includes(name) ? 5e-5 : 5e-6;
      assert.ok(apart(tensor, theirs[name]!) < tolerance, name);
    }
  });
}

testBoth("padRows, sliceRows and scatterAddRows put rows where they belong", (native, other) => {
  const { tf } = engine();
  for (const kernel of [native, other]) {
    const x = tf.tensor2d([[1, 2], [3, 4]]);
    assert.deepEqual(kernel.padRows(x, 3).arraySync(), [[0, 0], [1, 2], [3, 4]]);
    assert.deepEqual(kernel.sliceRows(x, 1, 1).arraySync(), [[3, 4]]);
    const ids = tf.tensor1d([2, 2], "int32");
    assert.deepEqual(kernel.scatterAddRows(x, ids, 3).arraySync(), [[0, 0], [0, 0], [4, 6]]);
  }
});

testBoth("uniform numbers repeat by seed, lie in [0, 1) and differ between seeds", (native) => {
  const draw = (a: number, b: number) => [...native.uniform([50, 40], [a, b]).dataSync()];
  const values = draw(7, 0);
  assert.deepEqual(draw(7, 0), values);
  assert.ok(values.every((value) => value >= 0 && value < 1));
  assert.ok(Math.abs(values.reduce((a, b) => a + b) / values.length - 0.5) < 0.03);
  for (const [a, b] of [[8, 0], [7, 1], [7, 2 ** 32 - 1], [2 ** 32 - 1, 0]] as const) {
    const others = draw(a, b);
    assert.ok(values.filter((value, i) => value === others[i]).length < 5, `seeds ${a}, ${b}`);
  }
});
