import assert from "node:assert/strict";
import { projectRoot } from "../../lib/engine/layout.ts";
import { engine, loadEngine } from "../../lib/engine/tensorflow.ts";

Deno.test("engine() before loadEngine() is refused", () => {
  assert.throws(() => engine(), /await loadEngine/);
});

Deno.test("loadEngine gives one engine, with gradients and chained ops", async () => {
  const first = await loadEngine();
  assert.equal(await loadEngine(), first);
  assert.equal(engine(), first);
  const { tf } = first;
  const x = tf.tensor1d([1, 2, 3]);
  const gradient = tf.grad((x) => x.mul(x).sum())(x);
  assert.deepEqual([...await gradient.data()], [2, 4, 6]);
  tf.dispose([x, gradient]);
});

Deno.test("raw kernels run TensorFlow ops by name and belong to the enclosing tidy", async () => {
  const { tf, raw, info } = await loadEngine();
  assert.equal(raw !== undefined, info.backend === "tensorflow");
  if (raw === undefined) return;
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const x = tf.tensor2d([[3, 1, 2]]);
    const [values, indices] = raw.execute(
      "TopKV2",
      [
        { name: "sorted", type: raw.attr.bool, value: true },
        { name: "T", type: raw.attr.type, value: raw.dtype.float32 },
        { name: "Tk", type: raw.attr.type, value: raw.dtype.int32 },
        { name: "index_type", type: raw.attr.type, value: raw.dtype.int32 },
      ],
      [x, tf.scalar(2, "int32")],
      2,
    );
    assert.deepEqual([...values!.dataSync()], [3, 2]);
    assert.deepEqual([...indices!.dataSync()], [0, 2]);
    assert.deepEqual(values!.shape, [1, 2]);
  });
  assert.equal(tf.memory().numTensors, before);
});

/** Loads the engine in a new process with these variables and multiplies two matrices. */
async function inProcess(env: Record<string, string>) {
  const module = new URL("lib/engine/tensorflow.ts", `file://${projectRoot}`).href;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      "--no-check",
      `import { loadEngine } from ${JSON.stringify(module)};
       const { tf, info } = await loadEngine();
       const y = tf.matMul(tf.ones([2, 3]), tf.ones([3, 2])).sum();
       console.log(JSON.stringify({ info, sum: y.dataSync()[0] }));`,
    ],
    cwd: projectRoot,
    env: { ...env, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { success, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("SERA_BACKEND=wasm runs without libtensorflow", async () => {
  const { stdout, stderr } = await inProcess({ SERA_BACKEND: "wasm" });
  assert.equal(stderr, "");
  const { info, sum } = JSON.parse(stdout);
  assert.equal(sum, 12);
  assert.equal(info.backend, "wasm");
  assert.equal(info.reason, "SERA_BACKEND=wasm");
});

Deno.test("SERA_THREADS and SERA_NATIVE_OPS are obeyed; nothing is written to stderr", async () => {
  const { stdout, stderr } = await inProcess({ SERA_THREADS: "1", SERA_NATIVE_OPS: "0" });
  assert.equal(stderr, "");
  const { info, sum } = JSON.parse(stdout);
  assert.equal(sum, 12);
  assert.equal(info.threads, 1);
  assert.equal(info.nativeOps, false);
});

for (
  const [env, message] of [
    [{ SERA_BACKEND: "cuda" }, /SERA_BACKEND=cuda is no backend: use tensorflow or wasm/],
    [{ SERA_THREADS: "many", SERA_BACKEND: "tensorflow" }, /SERA_THREADS=many is no number/],
  ] as const
) {
  Deno.test(`${JSON.stringify(env)} is refused`, async () => {
    const { success, stderr } = await inProcess(env);
    assert.ok(!success);
    assert.match(stderr, message);
  });
}
