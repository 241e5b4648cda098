/** A run killed at any call to its store and started again ends as if nothing had happened. */
import assert from "node:assert/strict";
import { DiskStore, emptyDisk, EVALUATION, Killed, run } from "./sera_run.ts";

const input = { evaluation: EVALUATION };

Deno.test("killed before or after any call to the store, a run ends bit for bit the same", async () => {
  const quiet = new DiskStore();
  const expected = await run({}, input, quiet);
  assert.ok(expected.iterations.every(({ generated }, t) => t === 0 || generated.length > 0));
  assert.ok(quiet.calls.length > 40, `${quiet.calls.length} calls`);
  for (const [call, name] of quiet.calls.entries()) {
    const when = call % 2 === 0 ? "before" : "after";
    const disk = emptyDisk();
    const checkpointEvery = 1 + call % 3;
    await assert.rejects(
      run({}, input, new DiskStore(disk, { kill: { call, when }, checkpointEvery })),
      Killed,
    );
    const resumed = await run({}, input, new DiskStore(disk, { checkpointEvery }));
    assert.deepEqual(resumed, expected, `killed ${when} ${name}`);
  }
});

Deno.test("killed again and again, a run still ends the same", async () => {
  const expected = await run({}, input);
  const disk = emptyDisk();
  for (let lives = 0;; lives++) {
    assert.ok(lives < 60, "the run does not get on");
    const kill = { call: 4 + lives, when: lives % 2 === 0 ? "after" : "before" } as const;
    const outcome = await run({}, input, new DiskStore(disk, { kill })).catch(
      (error) => {
        if (error instanceof Killed) return undefined;
        throw error;
      },
    );
    if (outcome === undefined) continue;
    assert.ok(lives > 5, `${lives} kills`);
    assert.deepEqual(outcome, expected);
    break;
  }
});

Deno.test("a finished run is read back: nothing is computed or trained again", async () => {
  const disk = emptyDisk();
  const expected = await run({}, input, new DiskStore(disk));
  const second = new DiskStore(disk);
  assert.deepEqual(await run({}, input, second), expected);
  assert.deepEqual(second.computed, []);
  assert.deepEqual(second.calls.filter((name) => name.startsWith("step ")), []);
});
