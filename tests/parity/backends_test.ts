/** The tiny checkpoint's values on the other ways to compute them, each in a process of its own. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

/** Forward passes, generation, gradients, full updates and adapters. */
const FILTER = "/logits|greedily|gradients of every tensor|20 steps|every linear/";
const FILES = ["tiny_llama_test.ts", "trajectory_test.ts", "architectures_test.ts"];

for (
  const [title, env] of [
    ["TensorFlow's own ops", { SERA_BACKEND: "", SERA_NATIVE_OPS: "0" }],
    ["the wasm backend", { SERA_BACKEND: "wasm" }],
  ] as const
) {
  Deno.test(`${title} match PyTorch as the fused kernels do`, async () => {
    const paths = FILES.map((name) => fileURLToPath(import.meta.resolve(`./${name}`)));
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--no-check", "--quiet", "--filter", FILTER, ...paths],
      env: { ...env, NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assert.ok(success, said);
    assert.match(said, / 27 passed \| 0 failed/);
  });
}
