/** Where the suite's time goes in one case: kernels, matrix products, and what is least possible. */
import { median } from "simple-statistics";
import { engine, loadEngine, type Tensor2D } from "../../lib/engine/tensorflow.ts";
import { ops } from "../../lib/engine/ops/ops.ts";
import { loadTask } from "./ours/main.ts";

/** Calls of one kind and their time. */
export interface Tally {
  calls: number;
  seconds: number;
}

/** Adds one call to a table. */
export function tally(table: Map<string, Tally>, name: string, seconds: number): void {
  const row = table.get(name) ?? { calls: 0, seconds: 0 };
  row.calls++;
  row.seconds += seconds;
  table.set(name, row);
}

/** "M x K x N" of a product, with a prime on a factor that is given transposed. */
function productName(a: Tensor2D, b: Tensor2D, transposeA: boolean, transposeB: boolean): string {
  const [m, k] = transposeA ? [a.shape[1], a.shape[0]] : a.shape;
  const n = transposeB ? b.shape[0] : b.shape[1];
  return `${m} x ${k} x ${n}${transposeA ? " a'" : ""}${transposeB ? " b'" : ""}`;
}

/** Multiply-adds of a product by its name. */
export function productSize(name: string): number {
  const [m, k, n] = name.split(" x ").map((part) => parseInt(part)) as [number, number, number];
  return m * k * n;
}

/** The part of tfjs-node's backend through which every kernel runs. */
interface Binding {
  executeOp(name: string, ...rest: unknown[]): unknown;
}

/** Best time of an untransposed product of this size, seconds. */
function bestProduct(name: string): number {
  const { tf } = engine();
  const kernel = ops();
  const [m, k, n] = name.split(" x ").map((part) => parseInt(part)) as [number, number, number];
  const a = tf.randomNormal([m, k], 0, 1, "float32", 1) as Tensor2D;
  const b = tf.randomNormal([k, n], 0, 1, "float32", 2) as Tensor2D;
  let best = Infinity;
  const start = performance.now();
  for (let i = 0; i < 5 || (performance.now() - start < 300 && i < 50); i++) {
    const before = performance.now();
    kernel.matMul(a, b).dispose();
    best = Math.min(best, performance.now() - before);
  }
  tf.dispose([a, b]);
  return best / 1000;
}

/** Runs the case and prints the profile of one repetition (the median of `repeat`). */
export async function printProfile(inputs: string, repeat: number): Promise<void> {
  await loadEngine();
  const task = await loadTask(inputs);
  await task.run();
  const plain: number[] = [];
  for (let i = 0; i < repeat; i++) plain.push((await task.run()).seconds);

  const kernels = new Map<string, Tally>(), products = new Map<string, Tally>();
  const backend = engine().tf.backend() as unknown as { binding: Binding };
  const { binding } = backend;
  // The binding's own properties are read-only.
  backend.binding = Object.create(binding, {
    executeOp: {
      value: (name: string, ...rest: unknown[]) => {
        const before = performance.now();
        const out = binding.executeOp(name, ...rest);
        tally(kernels, name, (performance.now() - before) / 1000);
        return out;
      },
    },
  });
  const kernel = ops();
  const matMul = kernel.matMul;
  kernel.matMul = (a, b, transposeA = false, transposeB = false) => {
    const before = performance.now();
    const out = matMul(a, b, transposeA, transposeB);
    const seconds = (performance.now() - before) / 1000;
    tally(products, productName(a, b, transposeA, transposeB), seconds);
    return out;
  };
  const { seconds } = await task.run();
  backend.binding = binding;
  kernel.matMul = matMul;

  const bySeconds = (table: Map<string, Tally>) =>
    [...table].sort(([, a], [, b]) => b.seconds - a.seconds);
  const ms = (value: number) => (1000 * value).toFixed(2).padStart(10);
  const inKernels = [...kernels.values()].reduce((sum, row) => sum + row.seconds, 0);
  const calls = [...kernels.values()].reduce((sum, row) => sum + row.calls, 0);
  console.log(`one repetition: ${ms(median(plain))} ms (with profiling ${ms(seconds).trim()} ms)`);
  console.log(`kernels:        ${ms(inKernels)} ms in ${calls} calls`);
  console.log(`outside them:   ${ms(seconds - inKernels)} ms\n`);
  console.log("kernel                          calls         ms  share");
  for (const [name, row] of bySeconds(kernels)) {
    const share = (100 * row.seconds / seconds).toFixed(1).padStart(5);
    console.log(
      `${name.padEnd(28)} ${String(row.calls).padStart(8)} ${ms(row.seconds)}  ${share} %`,
    );
  }
  console.log("\nproduct M x K x N               calls         ms   GFLOPS  at best");
  let floor = 0;
  for (const [name, row] of bySeconds(products)) {
    const best = bestProduct(name);
    floor += row.calls * best;
    const gflops = (time: number) => (2 * productSize(name) / time / 1e9).toFixed(0).padStart(8);
    console.log(
      `${name.padEnd(28)} ${String(row.calls).padStart(8)} ${ms(row.seconds)} ` +
        `${gflops(row.seconds / row.calls)} ${gflops(best)}`,
    );
  }
  const spent = [...products.values()].reduce((sum, row) => sum + row.seconds, 0);
  console.log(`products:       ${ms(spent)} ms; at their best ${ms(floor).trim()} ms: the floor`);
}
