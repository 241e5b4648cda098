/** The native and the composite operations in one process. */
import assert from "node:assert/strict";
import { compositeOps } from "../../lib/engine/ops/composite.ts";
import { nativeOps } from "../../lib/engine/ops/native.ts";
import type { Ops } from "../../lib/engine/ops/types.ts";
import { loadEngine, type Tensor } from "../../lib/engine/tensorflow.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { normals } from "../support/finite_difference.ts";

const loaded = await loadEngine();

export const { tf } = loaded;
export const composite: Ops = compositeOps(loaded);

/** Undefined where the fused kernels are not built: their tests are then reported as ignored. */
export const native: Ops | undefined = loaded.raw !== undefined && loaded.info.nativeOps
  ? nativeOps({ ...loaded, raw: loaded.raw })
  : undefined;

/** Standard normal tensors, the same for the same name. */
export function random(name: string, shape: number[], scale = 1): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(normals(createPrng(1, name), size, scale), shape);
}

/** |a - b| <= tolerance * max(1, |b|) everywhere, and the same shape. */
export function assertSame(a: Tensor, b: Tensor, tolerance: number, what: string): void {
  assert.deepEqual(a.shape, b.shape, `${what}: shape`);
  const x = a.dataSync(), y = b.dataSync();
  for (let i = 0; i < y.length; i++) {
    const allowed = tolerance * Math.max(1, Math.abs(y[i]!));
    assert.ok(Math.abs(x[i]! - y[i]!) <= allowed, `${what}[${i}]: ${x[i]} against ${y[i]}`);
  }
}

/** A test of the native kernels, reported as ignored where they are not built. */
export function nativeTest(name: string, action: (native: Ops) => void): void {
  Deno.test({
    name,
    ignore: native === undefined,
    fn: () => {
      const before = tf.memory().numTensors;
      tf.tidy(() => action(native as Ops));
      assert.equal(tf.memory().numTensors, before, "tensors left behind");
    },
  });
}
