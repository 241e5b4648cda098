import assert from "node:assert/strict";
import { projectRoot } from "../../lib/engine/layout.ts";
import { format } from "../../tools/doctor/report.ts";

/** Runs a tool of the repository in a process of its own. */
async function tool(path: string, args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", projectRoot + path, ...args],
    env,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("the report is aligned and puts a hint under its problem", () => {
  assert.equal(
    format([
      { label: "a", value: "1" },
      { label: "long", value: "none", hint: "get one" },
      { label: "b", value: "gone", hint: "find it", fatal: true },
    ]),
    [
      "   a     1",
      " ! long  none",
      "         -> get one",
      "!! b     gone",
      "         -> find it",
    ].join("\n"),
  );
});

Deno.test("doctor names the backend and why, and says that the suite can run", async () => {
  const { code, stdout } = await tool("tools/doctor/main.ts", [], { SERA_BACKEND: "wasm" });
  assert.equal(code, 0);
  assert.match(stdout, /backend +wasm on cpu: SERA_BACKEND=wasm/);
  assert.match(stdout, /speed +[1-9]\d* GFLOPS/);
  assert.match(stdout, /\nThe suite can run here\.\n$/);
});

Deno.test("doctor's exit code is 1 where the engine cannot be loaded", async () => {
  const { code, stdout } = await tool("tools/doctor/main.ts", [], { SERA_BACKEND: "none" });
  assert.equal(code, 1);
  assert.match(stdout, /The suite cannot run here: see backend\.\n$/);
});

Deno.test("set-up that has nothing to do is silent", async () => {
  // The gate has set up before; a run before this one settles what changed since.
  await tool("tools/setup/main.ts", ["--if-needed"]);
  const { code, stdout, stderr } = await tool("tools/setup/main.ts", ["--if-needed"]);
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "", stderr: "" });
});
