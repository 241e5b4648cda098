import assert from "node:assert/strict";
import {
  hashOf,
  isSettled,
  readStamp,
  runStep,
  type Step,
  Unavailable,
} from "../../tools/setup/step.ts";
import { projectRoot } from "../../lib/engine/layout.ts";

const id = `test-${Deno.pid}`;
const stampPath = `${projectRoot}.cache/setup/${id}.json`;

function step(changes: Partial<Step>): Step {
  return {
    id,
    title: "a test",
    key: () => "k1",
    outputs: () => [],
    run: async () => {},
    ...changes,
  };
}

async function cleaned(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
    await Deno.remove(stampPath).catch(() => {});
  }
}

Deno.test("a step is settled once its outputs exist, until key or outputs change", () =>
  cleaned(async (folder) => {
    const output = `${folder}/out`;
    const made = step({ outputs: () => [output], run: () => Deno.writeTextFile(output, "x") });
    assert.ok(!isSettled(made, false));
    assert.equal((await runStep(made, () => {})).outcome, "done");
    assert.ok(isSettled(made, false));
    assert.ok(!isSettled({ ...made, key: () => "k2" }, false));
    await Deno.remove(output);
    assert.ok(!isSettled(made, false));
  }));

Deno.test("a step that leaves no output is not done", () =>
  cleaned(async (folder) => {
    const stamp = await runStep(step({ outputs: () => [`${folder}/none`] }), () => {});
    assert.equal(stamp.outcome, "unavailable");
    assert.match(stamp.message!, /was not written/);
  }));

Deno.test("an unavailable step is left alone, with its reason, unless asked for", () =>
  cleaned(async () => {
    const missing = step({
      run: () => Promise.reject(new Unavailable("no compiler", "install one")),
    });
    await runStep(missing, () => {});
    assert.equal(readStamp(id)?.hint, "install one");
    assert.ok(isSettled(missing, false));
    assert.ok(!isSettled(missing, true));
    await Deno.utime(stampPath, 0, 0);
    assert.ok(!isSettled(missing, false), "tried again after an hour");
  }));

Deno.test("a step that is interrupted has no stamp", () =>
  cleaned(async () => {
    await runStep(step({}), () => {});
    let during: unknown = "not run";
    await runStep(
      step({ run: () => Promise.resolve(during = readStamp(id)).then(() => {}) }),
      () => {},
    );
    assert.equal(during, undefined);
  }));

Deno.test("hashOf depends on texts, their borders and contents of files", () =>
  cleaned(async (folder) => {
    assert.notEqual(hashOf("ab", "c"), hashOf("a", "bc"));
    await Deno.writeTextFile(`${folder}/f`, "1");
    const before = hashOf(`file:${folder}/f`);
    await Deno.writeTextFile(`${folder}/f`, "2");
    assert.notEqual(hashOf(`file:${folder}/f`), before);
  }));
