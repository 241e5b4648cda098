/** Extreme values, values by hand, and inputs that must be refused. */
import assert from "node:assert/strict";
import type { Tensor, Tensor2D } from "../../lib/engine/tensorflow.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { composite, native, nativeTest, random, tf } from "./both_ops.ts";

const all = native === undefined ? [composite] : [native, composite];

Deno.test("tokenLogps is accurate for 50,000 tokens, offsets of 10,000 and spreads of 100", () => {
  const vocabulary = 50_000;
  const prng = createPrng(1, "large logits");
  for (const [offset, spread] of [[0, 0], [0, 1], [10_000, 1], [-10_000, 20], [500, 100]]) {
    const logits = Float32Array.from(
      { length: vocabulary },
      () => offset! + spread! * prng.normal(),
    );
    const top = logits.reduce((a, b) => Math.max(a, b));
    const sum = logits.reduce((s, x) => s + Math.exp(x - top), 0);
    for (const target of [0, 49_999, logits.indexOf(top)]) {
      const expected = logits[target]! - top - Math.log(sum);
      for (const ops of all) {
        tf.tidy(() => {
          const targets = tf.tensor1d([target], "int32");
          const fresh = () => tf.tensor2d(logits.slice(), [1, vocabulary]);
          const { logps, residual } = ops.tokenLogpsWithResidual(fresh(), targets);
          const what = `${ops.name}, offset ${offset}, spread ${spread}, token ${target}`;
          for (const [own] of [ops.tokenLogps(fresh(), targets).dataSync(), logps.dataSync()]) {
            // float32 of the result, and of sums of 50,000 numbers.
            const allowed = 2e-6 * Math.max(10, Math.abs(expected));
            assert.ok(Math.abs(own! - expected) < allowed, `${what}: ${own}, not ${expected}`);
          }
          const values = residual.dataSync() as Float32Array;
          const total = values.reduce((a, b) => a + b, 0);
          assert.ok(Math.abs(total) < 1e-4, `${what}: the residual sums to ${total}`);
          const own = values[target]!;
          assert.ok(Math.abs(own - (1 - Math.exp(expected))) < 1e-5, `${what}: residual ${own}`);
        });
      }
    }
  }
});

Deno.test("attention stays finite and exact where scores are in the thousands", () => {
  tf.tidy(() => {
    const shape = { heads: 1, kvHeads: 1, headDim: 2 };
    // Queries (100, 0) against keys (100, 0), (-100, 0), (100, 0): scores of +-7,071.
    const qkv = tf.tensor2d([
      [100, 0, 100, 0, 1, 2],
      [100, 0, -100, 0, 3, 4],
      [100, 0, 100, 0, 5, 6],
    ]);
    for (const ops of all) {
      const segments = [{ start: 0, length: 3, prefixStart: 0, prefixLength: 0 }];
      const layout = ops.attentionLayout(segments, 3);
      const result = ops.attention(qkv, layout, shape);
      assert.deepEqual(result.out.arraySync(), [[1, 2], [1, 2], [3, 4]], ops.name);
      const grad = ops.attentionGrad(tf.ones([3, 2]), qkv, result, layout, shape).dataSync();
      assert.ok(grad.every(Number.isFinite), `${ops.name}: ${grad}`);
      layout.dispose();
    }
  });
});

Deno.test("adamW takes the steps of its definition", () => {
  const settings = { learningRate: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-2, weightDecay: 0.2 };
  const grads = [[0.5, -2, 0], [0.1, 3, 0]];
  // In float64, by Loshchilov and Hutter's algorithm 2 with gradients halved (clipping).
  const value = [1, -1, 2], first = [0, 0, 0], second = [0, 0, 0];
  for (const ops of all) {
    let slot = {
      value: tf.tensor1d([1, -1, 2]) as Tensor,
      first: tf.zeros([3]) as Tensor,
      second: tf.zeros([3]) as Tensor,
    };
    for (const [i, grad] of grads.entries()) {
      const g = tf.tensor1d(grad);
      slot = ops.adamW(slot, g, { ...settings, step: i + 1, gradFactor: 0.5 });
      g.dispose();
    }
    const expected = value.map((start, k) => {
      let [x, m, v] = [start, first[k]!, second[k]!];
      grads.forEach((grad, i) => {
        const g = 0.5 * grad[k]!;
        m = 0.9 * m + 0.1 * g;
        v = 0.99 * v + 0.01 * g * g;
        x -= 0.1 * 0.2 * x;
        x -= 0.1 * (m / (1 - 0.9 ** (i + 1))) / (Math.sqrt(v / (1 - 0.99 ** (i + 1))) + 1e-2);
      });
      return x;
    });
    const own = slot.value.dataSync();
    expected.forEach((x, k) => {
      assert.ok(Math.abs(own[k]! - x) < 1e-6, `${ops.name}[${k}]: ${own[k]}, not ${x}`);
    });
    tf.dispose([slot.value, slot.first, slot.second]);
  }
});

const qkvOf = (rows: number) => random("qkv", [rows, 8]) as Tensor2D;
const shape = { heads: 2, kvHeads: 1, headDim: 2 };

nativeTest("the fused kernels refuse what would read or write out of bounds", (native) => {
  const targets = (...ids: number[]) => tf.tensor1d(ids, "int32");
  const logits = () => random("logits", [2, 5]) as Tensor2D;
  const attention = (segment: number[], rows = 4) => {
    const [start, length, prefixStart, prefixLength] = segment as [number, number, number, number];
    const layout = native.attentionLayout([{ start, length, prefixStart, prefixLength }], rows);
    try {
      native.attention(qkvOf(rows), layout, shape);
    } finally {
      layout.dispose();
    }
  };
  const rotation = (...positions: number[]) => ({
    cos: tf.ones([4, 1]) as Tensor2D,
    sin: tf.ones([4, 1]) as Tensor2D,
    positions: targets(...positions),
  });
  const cases: [string, () => unknown, RegExp][] = [
    ["target V", () => native.tokenLogps(logits(), targets(0, 5)), /target out of vocabulary/],
    ["target -1", () => native.tokenLogps(logits(), targets(-1, 0)), /target out of vocabulary/],
    [
      "target with residual",
      () => native.tokenLogpsWithResidual(logits(), targets(0, 99)),
      /target out of vocabulary/,
    ],
    ["one target too few", () => native.tokenLogps(logits(), targets(0)), /one target a row/],
    ["segment past the end", () => attention([2, 3, 0, 0]), /bad segments/],
    ["negative start", () => attention([-1, 2, 0, 0]), /bad segments/],
    ["prefix past the end", () => attention([0, 1, 3, 2]), /bad segments/],
    ["negative prefix", () => attention([1, 1, -1, 1]), /bad segments/],
    [
      "rows of another width",
      () => {
        const segments = [{ start: 0, length: 1, prefixStart: 0, prefixLength: 0 }];
        const layout = native.attentionLayout(segments, 1);
        try {
          native.attention(random("narrow", [1, 6]) as Tensor2D, layout, shape);
        } finally {
          layout.dispose();
        }
      },
      /wrong row width/,
    ],
    ["position 4 of 4", () => native.rope(qkvOf(1), rotation(4), shape, false), /out of table/],
    ["position -1", () => native.rope(qkvOf(1), rotation(-1), shape, false), /out of table/],
    ["two positions", () => native.rope(qkvOf(1), rotation(0, 1), shape, false), /one position/],
    [
      "a norm's weight of another width",
      () => native.rmsNorm(qkvOf(2), undefined, tf.ones([7]), 1e-5),
      /weight must have/,
    ],
    [
      "a delta of another size",
      () => native.rmsNorm(qkvOf(2), qkvOf(3), tf.ones([8]), 1e-5),
      /delta must match/,
    ],
    [
      "a gradient of another size",
      () => native.swigluGrad(qkvOf(2), qkvOf(3)),
      /dy must be/,
    ],
    [
      "a full cache",
      () => {
        const cache = native.decodeCache(qkvOf(2), Int32Array.of(0, 2), 1, shape);
        try {
          cache.attend(qkvOf(1));
          cache.attend(qkvOf(1));
        } finally {
          cache.dispose();
        }
      },
      /cache is full/,
    ],
    [
      "a span outside the prompts",
      () => {
        const cache = native.decodeCache(qkvOf(2), Int32Array.of(1, 2), 1, shape);
        try {
          cache.attend(qkvOf(1));
        } finally {
          cache.dispose();
        }
      },
      /leaves the prompt rows/,
    ],
    [
      "moments of another size",
      () =>
        native.adamW(
          { value: tf.ones([3]), first: tf.ones([3]), second: tf.ones([2]) },
          tf.ones([
            3,
          ]),
          {
            learningRate: 1,
            beta1: 0,
            beta2: 0,
            epsilon: 1,
            weightDecay: 0,
            step: 1,
            gradFactor: 1,
          },
        ),
      /sizes differ/,
    ],
  ];
  for (const [name, action, message] of cases) {
    assert.throws(action, message, name);
  }
  // The process and its kernels live on.
  assert.equal(native.sumSquares(tf.ones([3])).dataSync()[0], 3);
});

Deno.test("the ordinary ops refuse a target outside the vocabulary", () => {
  tf.tidy(() => {
    const logits = random("logits", [2, 5]) as Tensor2D;
    assert.throws(() => composite.tokenLogps(logits, tf.tensor1d([0, 5], "int32")).dataSync());
  });
});
