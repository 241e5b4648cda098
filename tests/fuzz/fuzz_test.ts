/** A short run of `deno task fuzz`, and every file that a longer one found wrong. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../../lib/errors.ts";
import { fuzz } from "../../tools/fuzz/fuzz.ts";
import { judge } from "../../tools/fuzz/outcome.ts";
import { readers } from "../../tools/fuzz/readers.ts";

const RUNS = 40;
const cases = fileURLToPath(new URL("./cases/", import.meta.url));

for (const name of Object.keys(readers)) {
  Deno.test(`${RUNS} changed files: ${name}`, async () => {
    const { faults, counts } = await fuzz(name, RUNS, 0);
    assert.deepEqual(faults, []);
    assert.equal([...counts.values()].reduce((a, b) => a + b), RUNS);
    assert.ok((counts.get("refused") ?? 0) > RUNS / 10, "the changes do matter");
  });
}

for (const { name } of Deno.readDirSync(cases)) {
  const { read, sandboxed } = readers[name]!;
  for (const file of Deno.readDirSync(join(cases, name))) {
    Deno.test(`found by fuzzing: ${name}, ${file.name}`, async () => {
      const error = await Promise.resolve()
        .then(() => (sandboxed ?? read)(join(cases, name, file.name)))
        .then(() => undefined, (error) => error);
      if (error === undefined) return;
      assert.match(judge(error).outcome, /^(refused|stopped)$/, String(error));
    });
  }
}

Deno.test("the same seed gives the same files; an unknown reader is named", async () => {
  const summary = async () => [...(await fuzz("config", 20, 3)).counts];
  assert.deepEqual(await summary(), await summary());
  await assert.rejects(fuzz("constructor", 1, 0), UserError);
});
