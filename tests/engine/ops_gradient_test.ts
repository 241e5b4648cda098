/** The gradients of the ordinary ops are those of the functions: central differences. */
import assert from "node:assert/strict";
import type { Tensor, Tensor1D, Tensor2D } from "../../lib/engine/tensorflow.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { packedSegments } from "../support/attention_segments.ts";
import { directionalDerivative, dot, normals } from "../support/finite_difference.ts";
import { composite, random, tf } from "./both_ops.ts";

/**
 * `f` and its gradient at `x` under the loss sum(w * f(x)) with fixed random w, along random
 * directions: along each, a wrong element anywhere shows.
 */
function checkGradient(
  name: string,
  x: Tensor,
  f: (x: Tensor) => Tensor,
  gradient: (dy: Tensor2D, x: Tensor) => Tensor,
  tolerance = 2e-4,
): void {
  tf.tidy(() => {
    const y = f(x);
    const dy = random(`${name} upstream`, y.shape);
    const w = dy.dataSync();
    const grad = gradient(dy as Tensor2D, x).dataSync() as Float32Array;
    const values = x.dataSync() as Float32Array;
    const loss = (at: Float32Array) => tf.tidy(() => dot(f(tf.tensor(at, x.shape)).dataSync(), w));
    for (let k = 0; k < 4; k++) {
      const direction = normals(createPrng(k, name), values.length);
      const expected = directionalDerivative(loss, values, direction, 0.02);
      const own = dot(grad, direction);
      const scale = Math.sqrt(dot(grad, grad));
      const apart = Math.abs(own - expected) / scale;
      assert.ok(apart < tolerance, `${name}, direction ${k}: ${own} against ${expected}`);
    }
  });
}

Deno.test("rmsNorm: gradients in input and weight, residual added once", () => {
  tf.tidy(() => {
    const x = random("x", [9, 12]) as Tensor2D, weight = random("weight", [12]) as Tensor1D;
    const norm = (input: Tensor, scale: Tensor1D = weight) =>
      composite.rmsNorm(input as Tensor2D, undefined, scale, 1e-3);
    const grad = (dy: Tensor2D, input: Tensor, scale = weight, residual?: Tensor2D) =>
      composite.rmsNormGrad(
        dy,
        input as Tensor2D,
        scale,
        norm(input, scale).inverse,
        residual,
        true,
      );
    checkGradient("norm input", x, (a) => norm(a).y, (dy, a) => grad(dy, a).dx);
    checkGradient(
      "norm weight",
      weight,
      (w) => norm(x, w as Tensor1D).y,
      (dy, w) => grad(dy, x, w as Tensor1D).dweight!,
    );
    // y = rmsNorm(x) and x itself both go on: the residual is x's own gradient.
    checkGradient("norm and stream", x, (a) => tf.concat([norm(a).y, a], 1), (dy, a) => {
      const [own, residual] = tf.split(dy, 2, 1) as [Tensor2D, Tensor2D];
      return grad(own, a, weight, residual).dx;
    });
  });
});

Deno.test("swiglu: gradient in gate and up", () => {
  tf.tidy(() =>
    checkGradient(
      "swiglu",
      random("gateUp", [7, 20], 2),
      (x) => composite.swiglu(x as Tensor2D),
      (dy, x) => composite.swigluGrad(dy, x as Tensor2D),
    )
  );
});

Deno.test("rope: its inverse is its gradient", () => {
  tf.tidy(() => {
    const shape = { heads: 2, kvHeads: 1, headDim: 6 };
    const angles = random("angles", [8, 3], 3) as Tensor2D;
    const rotation = {
      cos: tf.cos(angles),
      sin: tf.sin(angles),
      positions: tf.tensor1d([0, 7, 3, 3, 1], "int32"),
    };
    checkGradient(
      "rope",
      random("qkv", [5, 24]),
      (x) => composite.rope(x as Tensor2D, rotation, shape, false),
      (dy) => composite.rope(dy, rotation, shape, true),
    );
  });
});

for (
  const [name, groups, shape] of [
    ["grouped heads, shared prefix", [[4, 3, 5], [0, 2], [1, 6]], {
      heads: 4,
      kvHeads: 2,
      headDim: 4,
    }],
    ["one key head, query blocks", [[66, 70]], { heads: 2, kvHeads: 1, headDim: 2 }],
  ] as const
) {
  Deno.test(`attention, ${name}: gradient in queries, keys and values`, () => {
    tf.tidy(() => {
      const { segments, rows } = packedSegments(groups);
      const width = (shape.heads + 2 * shape.kvHeads) * shape.headDim;
      const layout = composite.attentionLayout(segments, rows);
      checkGradient(
        name,
        random("qkv", [rows, width]),
        (x) => composite.attention(x as Tensor2D, layout, shape).out,
        (dy, x) => {
          const result = composite.attention(x as Tensor2D, layout, shape);
          return composite.attentionGrad(dy, x as Tensor2D, result, layout, shape);
        },
      );
      layout.dispose();
    });
  });
}

Deno.test("tokenLogps: the residual is its gradient", () => {
  tf.tidy(() => {
    const targets = tf.tensor1d([3, 0, 10, 3], "int32");
    const copy = (x: Tensor) => tf.tensor2d(x.dataSync().slice(), [4, 11]);
    checkGradient(
      "tokenLogps",
      random("logits", [4, 11], 2),
      (x) => composite.tokenLogps(x as Tensor2D, targets),
      (dy, x) => {
        const { residual } = composite.tokenLogpsWithResidual(copy(x), targets);
        return composite.scaleRows(residual, dy as unknown as Tensor1D);
      },
    );
  });
});
