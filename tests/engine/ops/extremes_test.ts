/** Scores so large that a careless softmax would overflow or lose its gradient. */
import assert from "node:assert/strict";
import { engine } from "../../../lib/engine/tensorflow.ts";
import { testEach } from "./implementations.ts";

testEach("attention stays finite and exact where scores are in the thousands", (kernel) => {
  const { tf } = engine();
  const shape = { heads: 1, kvHeads: 1, headDim: 2 };
  // Queries (100, 0) against keys (100, 0), (-100, 0), (100, 0): scores of +-7,071.
  const qkv = tf.tensor2d([
    [100, 0, 100, 0, 1, 2],
    [100, 0, -100, 0, 3, 4],
    [100, 0, 100, 0, 5, 6],
  ]);
  const segments = [{ start: 0, length: 3, prefixStart: 0, prefixLength: 0 }];
  const layout = kernel.attentionLayout(segments, 3);
  const result = kernel.attention(qkv, layout, shape);
  // Row 2 sees two keys of one score, and one far below.
  assert.deepEqual(result.out.arraySync(), [[1, 2], [1, 2], [3, 4]]);
  const grad = kernel.attentionGrad(tf.ones([3, 2]), qkv, result, layout, shape).dataSync();
  assert.ok(grad.every(Number.isFinite), `${grad}`);
  // Values get the weights of their rows: 1 + 1 + 1/2, 0, 1/2.
  const values = [4, 5].flatMap((column) => [0, 1, 2].map((row) => grad[row * 6 + column]));
  [2.5, 0, 0.5, 2.5, 0, 0.5].forEach((expected, i) =>
    // The fused kernel keeps log-sum-exp in float32: 5e-4 apart near 7,071.
    assert.ok(Math.abs(values[i]! - expected) < 5e-4, `value ${i}: ${values[i]}, not ${expected}`)
  );
  layout.dispose();
});
