import assert from "node:assert/strict";
import { projectRoot } from "../../../lib/engine/layout.ts";
import { native } from "./implementations.ts";

async function hashesWith(threads: number): Promise<Record<string, string>> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", `${projectRoot}tests/engine/ops/kernel_hashes.ts`],
    cwd: projectRoot,
    env: { SERA_THREADS: String(threads), NO_COLOR: "1" },
    stdin: "null",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  const { threads: used, hashes } = JSON.parse(new TextDecoder().decode(stdout));
  assert.equal(used, threads);
  return hashes;
}

Deno.test({
  name: "the fused kernels give the same bits on 1, 2 and 5 threads, and again",
  ignore: native === undefined,
  fn: async () => {
    const one = await hashesWith(1);
    assert.ok(Object.keys(one).length >= 13, Object.keys(one).join());
    for (const threads of [1, 2, 5]) {
      assert.deepEqual(await hashesWith(threads), one, `${threads} threads`);
    }
  },
});
