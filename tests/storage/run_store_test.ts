import assert from "node:assert/strict";
import { join } from "node:path";
import type { Snapshot } from "../../lib/policy/language_model.ts";
import { openRunDirectory } from "../../lib/storage/run_directory.ts";
import { RunStore } from "../../lib/storage/run_store.ts";
import type { StepRow, UpdateState } from "../../lib/sera/store.ts";
import { manualClock } from "../progress/manual_clock.ts";
import { inTemporaryFolder } from "./crash.ts";

const snapshot = (...values: number[]): Snapshot =>
  new Map([["layer.lora_A", { shape: [values.length], data: Float32Array.from(values) }]]);

const row = (iteration: number, step: number): StepRow => ({
  iteration,
  step,
  loss: 0.6 / step,
  margin: step / 3,
  accuracy: 0.5,
  chosenLogp: -10,
  rejectedLogp: -11,
  learningRate: 1e-5,
  gradientNorm: 1,
  seconds: 0.25 * step,
});

const state = (iteration: number, step: number): UpdateState => ({
  iteration,
  step,
  policy: snapshot(step, 0.5),
  moments: snapshot(-step, 0.25),
});

const noWarning = (message: string) => assert.fail(message);

Deno.test("a value is computed once, in another process too, and a NaN is refused", () =>
  inTemporaryFolder(async (folder) => {
    const logps = [[-1 / 3, -2e-300], [-7]];
    {
      using run = openRunDirectory(folder, {});
      const store = new RunStore(run);
      assert.deepEqual(await store.once("logps/a-0", () => Promise.resolve(logps)), logps);
      assert.equal(await store.once("evaluation/none", () => Promise.resolve(null)), null);
      await assert.rejects(store.once("logps/b", () => Promise.resolve([NaN])), /\[0\] is NaN/);
    }
    using run = openRunDirectory(folder, {});
    const store = new RunStore(run);
    const fail = () => Promise.reject(new Error("computed again"));
    assert.deepEqual(await store.once("logps/a-0", fail), logps);
    assert.equal(await store.once("evaluation/none", fail), null);
    await assert.rejects(store.once("logps/b", fail), /computed again/);
  }));

Deno.test("a damaged value is told and computed again", () =>
  inTemporaryFolder(async (folder) => {
    using run = openRunDirectory(folder, {});
    const warnings: string[] = [];
    const store = new RunStore(run, { warn: (message) => warnings.push(message) });
    await store.once("logps/a", () => Promise.resolve([-1.25]));
    const path = join(folder, "values", "logps", "a.json");
    Deno.writeTextFileSync(path, Deno.readTextFileSync(path).replace("-1.25", "-1.26"));
    assert.deepEqual(await store.once("logps/a", () => Promise.resolve([-1.25])), [-1.25]);
    assert.match(warnings.join(), /a\.json is corrupt .*computing anew/);
    assert.deepEqual(await store.once("logps/a", () => Promise.reject(new Error())), [-1.25]);
  }));

Deno.test("an update goes on from its last checkpoint, and rows after it are dropped", () =>
  inTemporaryFolder(async (folder) => {
    const { clock, pass } = manualClock();
    {
      using run = openRunDirectory(folder, {});
      const store = new RunStore(run, { checkpointSeconds: 10, clock });
      assert.equal(await store.resume(1), undefined);
      let made = 0;
      for (let step = 1; step <= 7; step++) {
        pass(4);
        await store.afterStep(row(1, step), () => {
          made++;
          return Promise.resolve(state(1, step));
        });
      }
      assert.equal(made, 2, "a checkpoint after steps 3 and 6");
    }
    using run = openRunDirectory(folder, {});
    const store = new RunStore(run, { clock, warn: noWarning });
    assert.deepEqual(await store.resume(1), state(1, 6));
    assert.deepEqual(await store.rows(1), [1, 2, 3, 4, 5, 6].map((step) => row(1, step)));
    await store.afterStep(row(1, 7), () => Promise.reject(new Error("too soon")));
    assert.equal((await store.rows(1)).length, 7);
  }));

Deno.test("a checkpoint of another iteration is not taken, and its rows stay", () =>
  inTemporaryFolder(async (folder) => {
    using run = openRunDirectory(folder, {});
    const store = new RunStore(run, { checkpointSeconds: 0, warn: noWarning });
    await store.afterStep(row(1, 1), () => Promise.resolve(state(1, 1)));
    assert.equal(await store.resume(2), undefined);
    assert.deepEqual(await store.rows(2), []);
    assert.equal((await store.rows(1)).length, 1);
  }));

Deno.test("policies are kept by iteration; a damaged one is told and done again", () =>
  inTemporaryFolder(async (folder) => {
    using run = openRunDirectory(folder, {});
    const warnings: string[] = [];
    const store = new RunStore(run, { warn: (message) => warnings.push(message) });
    assert.equal(await store.policy(1), undefined);
    await store.savePolicy(1, snapshot(1, 2));
    await store.savePolicy(2, snapshot(3, 4));
    assert.deepEqual(await store.policy(1), snapshot(1, 2));
    const path = join(folder, "policies", "iteration-2.safetensors");
    const bytes = Deno.readFileSync(path);
    bytes[bytes.length - 1] = 1 ^ (bytes[bytes.length - 1] as number);
    Deno.writeFileSync(path, bytes);
    assert.equal(await store.policy(2), undefined);
    assert.match(
      warnings[0] ?? "",
      /iteration-2\.safetensors is corrupt .* doing iteration 2 again/,
    );
    assert.deepEqual(await store.policy(1), snapshot(1, 2));
  }));

Deno.test("a part has policies, rows, values and checkpoints of its own; the end clears all checkpoints", () =>
  inTemporaryFolder(async (folder) => {
    const seen = { checkpointSeconds: 0, warn: noWarning };
    {
      using run = openRunDirectory(folder, {});
      const store = new RunStore(run, seen), part = store.within("fold-0");
      await store.resume(2);
      await store.afterStep(row(2, 1), () => Promise.resolve(state(2, 1)));
      for (const step of [1, 2, 3]) {
        await part.afterStep(row(1, step), () => Promise.resolve(state(1, step)));
      }
      await part.savePolicy(1, snapshot(7));
      assert.equal(await part.once("a", () => Promise.resolve(1)), 1);
      assert.equal(await store.once("a", () => Promise.resolve(2)), 2);
    }
    using run = openRunDirectory(folder, {});
    const store = new RunStore(run, seen), part = store.within("fold-0");
    assert.deepEqual(await store.resume(2), state(2, 1));
    assert.deepEqual(await part.resume(1), state(1, 3));
    assert.equal(await store.within("fold-1").resume(1), undefined);
    assert.deepEqual([(await store.rows(1)).length, (await part.rows(1)).length], [0, 3]);
    assert.deepEqual([await store.policy(1), await part.policy(1)], [undefined, snapshot(7)]);
    assert.equal(await part.once("a", () => Promise.reject(new Error("computed again"))), 1);
    assert.equal(run.list("checkpoints").length, 3, "one of the run's own, two of the part");
    run.finish();
    assert.deepEqual(run.list("checkpoints"), []);
  }));
