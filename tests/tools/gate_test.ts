import assert from "node:assert/strict";
import { runJob } from "../../tools/test/job.ts";

/** Runs a file of tests as the gate does. */
async function gate(code: string) {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/x_test.ts`;
    await Deno.writeTextFile(path, code);
    const args = ["test", "-A", "--no-config", "--no-check", "--quiet", path];
    return await runJob({ name: "x", kind: "tests", args }, 1, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("tests that pass and fail are counted, and what a failure printed is kept", async () => {
  const { passed, failures, output } = await gate(`
    Deno.test("good", () => {});
    Deno.test("bad", () => { console.log("its words"); throw new Error("no"); });
  `);
  assert.equal(passed, 1);
  assert.deepEqual(failures, ["bad"]);
  assert.match(output, /its words/);
});

for (
  const [what, code] of [
    ["a killed process", `Deno.test("a", () => Deno.kill(Deno.pid, "SIGKILL"));`],
    ["a module that throws", `throw new Error("early"); Deno.test("a", () => {});`],
    ["a file without tests", `export {};`],
  ] as const
) {
  Deno.test(`${what} counts as one failure`, async () => {
    const { passed, failures } = await gate(code);
    assert.equal(passed, 0);
    assert.equal(failures.length, 1);
  });
}

Deno.test("a check counts as one", async () => {
  const run = (code: string) =>
    runJob({ name: "check", kind: "check", args: ["eval", code] }, 1, "/nowhere");
  const good = await run("0");
  assert.deepEqual([good.passed, good.failures], [1, []]);
  const bad = await run("Deno.exit(3)");
  assert.deepEqual([bad.passed, bad.failures], [0, ["check"]]);
});
