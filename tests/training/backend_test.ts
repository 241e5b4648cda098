/** Scoring, a DPO step and decoding come out alike on every backend. */
import assert from "node:assert/strict";
import { projectRoot } from "../../lib/engine/layout.ts";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { assertAllClose, assertClose } from "../parity/assert_close.ts";

interface Measured {
  readonly backend: string;
  readonly ops: string;
  readonly results: Record<string, {
    readonly before: number[];
    readonly loss: number;
    readonly norm: number;
    readonly after: number[];
    readonly greedy: number[][];
  }>;
}

async function measured(env: Record<string, string>): Promise<Measured> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", "tests/training/dpo_step_worker.ts"],
    cwd: projectRoot,
    env: { ...env, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assert.ok(success, decoder.decode(stderr));
  return JSON.parse(decoder.decode(stdout)) as Measured;
}

const { info } = await loadEngine();
const noTensorFlow = info.backend !== "tensorflow";

function assertAlike(own: Measured, expected: Measured): void {
  for (const [model, values] of Object.entries(expected.results)) {
    const what = `${own.backend}, ${model}`;
    const { before, loss, norm, after, greedy } = own.results[model]!;
    assertAllClose(before, values.before, 1e-5, `${what}: log-probabilities`);
    assertClose(loss, values.loss, 1e-5, `${what}: loss`);
    assertClose(norm / values.norm, 1, 1e-4, `${what}: gradient norm`);
    assertAllClose(after, values.after, 1e-4, `${what}: log-probabilities after the step`);
    const moved = Math.max(...values.after.map((l, i) => Math.abs(l - values.before[i]!)));
    assert.ok(moved > 0.1, `the step moved log-probabilities by ${moved} only`);
    assert.deepEqual(greedy, values.greedy, `${what}: greedy tokens`);
  }
}

Deno.test({
  name: "wasm computes what TensorFlow computes",
  ignore: noTensorFlow,
  fn: async () => {
    const expected = await measured({ SERA_BACKEND: "tensorflow" });
    const own = await measured({ SERA_BACKEND: "wasm" });
    assert.deepEqual([own.backend, own.ops], ["wasm", "composite"]);
    assertAlike(own, expected);
  },
});

Deno.test({
  name: "ordinary TensorFlow kernels compute what the fused ones compute",
  ignore: noTensorFlow || !info.nativeOps,
  fn: async () => {
    const expected = await measured({ SERA_BACKEND: "tensorflow" });
    assert.equal(expected.ops, "native");
    const own = await measured({ SERA_BACKEND: "tensorflow", SERA_NATIVE_OPS: "0" });
    assert.equal(own.ops, "composite");
    assertAlike(own, expected);
  },
});

Deno.test({
  name: "a second process gives the same bits; other threads the same values",
  ignore: noTensorFlow,
  fn: async () => {
    const one = await measured({ SERA_THREADS: "1" });
    assert.deepEqual(await measured({ SERA_THREADS: "1" }), one);
    // TensorFlow's own matrix products may round differently where threads share one.
    assertAlike(await measured({ SERA_THREADS: "2" }), one);
  },
});
