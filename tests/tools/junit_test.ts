import assert from "node:assert/strict";
import { readJunit } from "../../tools/test/junit.ts";

/** Runs Deno's test runner on a module and reads the report it writes. */
async function report(code: string) {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/x_test.ts`, code);
    await new Deno.Command(Deno.execPath(), {
      args: [
        "test",
        "-A",
        "--no-config",
        "--no-check",
        "--quiet",
        `--junit-path=${folder}/x.xml`,
        folder,
      ],
      stdin: "null",
    }).output();
    return readJunit(await Deno.readTextFile(`${folder}/x.xml`));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("passed, failed and skipped tests are counted by name", async () => {
  const counts = await report(`
    Deno.test("one", () => {});
    Deno.test('two > "quoted" <&>', () => {});
    Deno.test("three", () => { throw new Error("<testcase name=\\"no\\">"); });
    Deno.test({ name: "four", ignore: true, fn() {} });
  `);
  assert.deepEqual(counts, { passed: 2, failures: ["three"], skipped: ["four"] });
});

Deno.test("steps belong to their test", async () => {
  const counts = await report(`
    Deno.test("good", async (t) => { await t.step("a", () => {}); await t.step("b", () => {}); });
    Deno.test("bad", async (t) => { await t.step("a", () => { throw new Error("x"); }); });
  `);
  assert.deepEqual(counts.failures, ["bad"]);
  assert.equal(counts.passed, 1);
});
