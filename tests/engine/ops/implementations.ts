/** Both implementations of `Ops` in one process, and tensors to try them on. */
import { compositeOps } from "../../../lib/engine/ops/composite.ts";
import { nativeOps } from "../../../lib/engine/ops/native.ts";
import type { Ops, Segment } from "../../../lib/engine/ops/types.ts";
import { loadEngine, type Tensor, type Tensor2D } from "../../../lib/engine/tensorflow.ts";
import { createPrng } from "../../../lib/random/prng.ts";

const engine = await loadEngine();
const { tf, raw, info } = engine;

export const composite: Ops = compositeOps(engine);

/** Undefined where set-up built no fused kernels: their tests are then reported as ignored. */
export const native: Ops | undefined = raw !== undefined && info.nativeOps && info.device === "cpu"
  ? nativeOps({ ...engine, raw })
  : undefined;

/** Registers a test for each implementation, in a `tf.tidy` that must leave no tensor behind. */
export function testEach(name: string, test: (kernel: Ops) => void): void {
  for (const [label, kernel] of [["composite", composite], ["native", native]] as const) {
    Deno.test({
      name: `${label}: ${name}`,
      ignore: kernel === undefined,
      fn: () => withoutLeak(() => test(kernel as Ops)),
    });
  }
}

/** Registers a test that compares the two. */
export function testBoth(name: string, test: (native: Ops, composite: Ops) => void): void {
  Deno.test({
    name: `native is composite: ${name}`,
    ignore: native === undefined,
    fn: () => withoutLeak(() => test(native as Ops, composite)),
  });
}

function withoutLeak(test: () => void): void {
  const before = tf.memory().numTensors;
  tf.tidy(test);
  const left = tf.memory().numTensors - before;
  if (left !== 0) throw new Error(`${left} tensors were not freed`);
}

/** Normal numbers, the same for the same name. */
export function normals(name: string, size: number, scale = 1): Float32Array {
  const prng = createPrng(1, "ops", name);
  return Float32Array.from({ length: size }, () => scale * prng.normal());
}

/** A matrix of normal numbers. */
export function randomMatrix(name: string, rows: number, columns: number, scale = 1): Tensor2D {
  return tf.tensor2d(normals(name, rows * columns, scale), [rows, columns]);
}

/** Prompts of `prefix` rows and their completions, as packed batches lay them out. */
export function segmentsOf(
  groups: readonly { readonly prefix: number; readonly completions: readonly number[] }[],
): { segments: Segment[]; rows: number } {
  const segments: Segment[] = [];
  let prefixStart = 0, start = groups.reduce((sum, group) => sum + group.prefix, 0);
  for (const { prefix, completions } of groups) {
    if (prefix > 0) {
      segments.push({ start: prefixStart, length: prefix, prefixStart, prefixLength: 0 });
    }
    for (const length of completions) {
      segments.push({ start, length, prefixStart, prefixLength: prefix });
      start += length;
    }
    prefixStart += prefix;
  }
  return { segments, rows: start };
}

/** Largest difference in units of max(1, |expected|). */
export function apart(actual: Tensor, expected: Tensor | ArrayLike<number>): number {
  const own = actual.dataSync();
  const wanted = "dataSync" in expected ? expected.dataSync() : expected;
  if (own.length !== wanted.length) return Infinity;
  let most = 0;
  for (let i = 0; i < own.length; i++) {
    const distance = Math.abs(own[i]! - wanted[i]!) / Math.max(1, Math.abs(wanted[i]!));
    if (!(distance <= most)) most = distance;
  }
  return most;
}
