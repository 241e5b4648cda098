/** What is compiled for a processor, and named after it, under every set of permissions. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { nativeOpsPath } from "../../lib/engine/layout.ts";
import { readMachine } from "../../lib/storage/machine.ts";
import { nativeOpsStep } from "../../tools/setup/native.ts";
import { moduleText, printedUnder } from "../support/printed_under.ts";
import { withTempDir } from "../support/temp_dir.ts";

const ignore = Deno.build.os !== "linux";

/** What a process with these permissions says of the processor, with the engine loaded. */
async function seenBy(permissions: string, env: Record<string, string> = {}) {
  const printed = await printedUnder(
    permissions,
    `import { nativeOpsPath } from ${moduleText("lib/engine/layout.ts")};
     import { loadEngine } from ${moduleText("lib/engine/tensorflow.ts")};
     import { readMachine } from ${moduleText("lib/storage/machine.ts")};
     const { info } = await loadEngine();
     console.log(JSON.stringify({
       path: nativeOpsPath() ?? null, kind: readMachine().cpuKind, loaded: info.nativeOps,
     }));`,
    env,
  );
  return JSON.parse(printed);
}

Deno.test({
  name: "a task's permissions tell the same processor as all permissions do",
  ignore,
  fn: async () => {
    const seen = await seenBy("-P=local");
    assert.deepEqual(seen, await seenBy("-A"));
    assert.match(`${seen.path}`, /sera_ops-[0-9a-f]{16}\.so$/);
    assert.equal(seen.path, nativeOpsPath());
    assert.equal(seen.kind, readMachine().cpuKind);
  },
});

Deno.test({
  name: "another processor in the same folder leaves fused ops that are not its own alone",
  ignore,
  fn: () =>
    withTempDir(async (bin) => {
      const text = "cpu family\t: 6\nmodel\t\t: 1\nmodel name\t: Old\nflags\t\t: fpu sse2\n";
      const script = `#!/bin/sh\ncat <<'END'\n${text}END\n`;
      Deno.writeTextFileSync(join(bin, "sed"), script, { mode: 0o755 });
      const other = await seenBy("-P=local", { PATH: `${bin}:${Deno.env.get("PATH")}` });
      assert.equal(other.kind, "family 6, model 1");
      assert.notEqual(other.path, nativeOpsPath());
      assert.equal(other.loaded, false);
      // Where nothing tells the processor, no build is taken for its own.
      Deno.writeTextFileSync(join(bin, "sed"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
      const unknown = await seenBy("-P=local", { PATH: `${bin}:${Deno.env.get("PATH")}` });
      assert.deepEqual(unknown, { path: null, kind: null, loaded: false });
    }),
});

Deno.test("set-up's step of the fused ops, its stamp and its output are the processor's own", () => {
  const { id, outputs } = nativeOpsStep("cpu");
  const [output] = outputs();
  assert.equal(output, nativeOpsPath());
  assert.ok(output?.endsWith(`${id.replace("native-ops-", "sera_ops-")}.so`));
});
