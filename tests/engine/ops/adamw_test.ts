/** The optimiser's kernel against values worked out by hand. */
import assert from "node:assert/strict";
import type { AdamWScalars } from "../../../lib/engine/ops/types.ts";
import { engine } from "../../../lib/engine/tensorflow.ts";
import { testEach } from "./implementations.ts";

const scalars: AdamWScalars = {
  learningRate: 0.1,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  step: 1,
  gradFactor: 1,
};

// Crosses the kernel's blocks of 4096.
for (const size of [1, 4096, 9001]) {
  testEach(`two steps of AdamW on ${size} numbers`, (kernel) => {
    const { tf } = engine();
    const filled = (value: number) => tf.tensor1d(new Float32Array(size).fill(value));
    // Loshchilov and Hutter 2019, algorithm 2, with p = 1 and gradients 0.5, then -1 (as -2 halved).
    // 1: m 0.05, v 0.00025; m^ 0.5, v^ 0.25; p = 1 * 0.999 - 0.1 * 0.5 / 0.5 = 0.899.
    let slot = { value: filled(1), first: filled(0), second: filled(0) };
    const check = (value: number, first: number, second: number) => {
      for (const [tensor, expected] of [[slot.value, value], [slot.first, first]] as const) {
        const wrong = tensor.dataSync().find((v) => !(Math.abs(v - expected) < 1e-6));
        assert.equal(wrong, undefined, `expected ${expected}`);
      }
      const wrong = slot.second.dataSync().find((v) => !(Math.abs(v / second - 1) < 1e-6));
      assert.equal(wrong, undefined, `second moment, expected ${second}`);
    };
    slot = kernel.adamW(slot, filled(0.5), scalars) as typeof slot;
    check(0.899, 0.05, 0.00025);
    // 2: m 0.045 - 0.1 = -0.055, v 0.00024975 + 0.001 = 0.00124975; m^ = m / 0.19 = -0.28947368,
    // v^ = v / 0.001999 = 0.62518759, its root 0.79068805;
    // p = 0.899 * 0.999 + 0.1 * 0.28947368 / 0.79068805 = 0.898101 + 0.03661035 = 0.93471135.
    slot = kernel.adamW(slot, filled(-2), { ...scalars, step: 2, gradFactor: 0.5 }) as typeof slot;
    check(0.93471135, -0.055, 0.00124975);
    tf.dispose(Object.values(slot));
  });
}

testEach("a zero gradient moves nothing but by weight decay", (kernel) => {
  const { tf } = engine();
  const slot = kernel.adamW(
    { value: tf.tensor1d([2]), first: tf.tensor1d([0]), second: tf.tensor1d([0]) },
    tf.tensor1d([0]),
    { ...scalars, weightDecay: 0 },
  );
  assert.deepEqual([slot.value, slot.first, slot.second].map((t) => t.dataSync()[0]), [2, 0, 0]);
  tf.dispose(Object.values(slot));
});
