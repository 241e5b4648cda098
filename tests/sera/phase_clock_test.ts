/** Every second is charged once, to the iteration and phase that it served. */
import assert from "node:assert/strict";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import type { SeraOptions } from "../../lib/sera/config.ts";
import { PhaseClock, phases } from "../../lib/sera/phase_clock.ts";
import { runSera } from "../../lib/sera/run_sera.ts";
import { MemoryStore } from "../../lib/sera/store.ts";
import type { SeraIteration } from "../../lib/sera/types.ts";
import { assertClose } from "../parity/assert_close.ts";
import { manualClock } from "../progress/manual_clock.ts";
import { disposeWithBase } from "../policy/random_model.ts";
import {
  DiskStore,
  emptyDisk,
  EVALUATION,
  HELD_OUT,
  Killed,
  PAIRS,
  policyAndReference,
  SERA,
  STOPS,
} from "./sera_run.ts";

await loadEngine();

const NONE = { scoring: 0, generation: 0, update: 0, evaluation: 0 };

Deno.test("phases add up, a lap begins anew, and what was kept is charged once", async () => {
  const { clock: now, pass } = manualClock();
  const store = new MemoryStore();
  const work = (seconds: number, value: string) => () => {
    pass(seconds);
    return Promise.resolve(value);
  };
  const clock = new PhaseClock(store, now);
  assert.equal(await clock.once("scoring", "a", work(3, "A")), "A");
  pass(100); // between two pieces of work: nobody's
  await clock.once("scoring", "b", work(4, "B"));
  await clock.once("generation", "c", work(5, "C"));
  clock.charge("update", 0.5);
  assert.equal(await clock.once("scoring", "a", work(9, "again")), "A");
  assert.deepEqual(clock.lap(), { ...NONE, scoring: 7, generation: 5, update: 0.5 });
  await clock.once("scoring", "a", work(9, "again"));
  assert.deepEqual(clock.lap(), NONE, "charged in an earlier lap");

  // Another process: what the first one did counts with the time it took there.
  const second = new PhaseClock(store, now);
  assert.equal(await second.once("scoring", "b", work(9, "again")), "B");
  assert.deepEqual(second.lap(), { ...NONE, scoring: 4 });
});

Deno.test("work that a kill cut off is not charged, its repetition is", async () => {
  const { clock: now, pass } = manualClock();
  const clock = new PhaseClock(new MemoryStore(), now);
  const killed = () => {
    pass(8);
    return Promise.reject(new Killed());
  };
  await assert.rejects(clock.once("evaluation", "a", killed), Killed);
  assert.deepEqual(clock.lap(), NONE);
  await clock.once("evaluation", "a", () => Promise.resolve(pass(2)));
  assert.deepEqual(clock.lap(), { ...NONE, evaluation: 2 });
});

/** The seconds of each iteration. */
async function secondsOf(changes: SeraOptions, store: DiskStore) {
  const models = await policyAndReference();
  try {
    const { iterations } = await runSera({
      ...{ ...models, pairs: PAIRS, heldOut: HELD_OUT, stopTokenIds: STOPS, store },
      ...{ config: { ...SERA, ...changes }, evaluation: EVALUATION },
    });
    return iterations.map(({ seconds }: SeraIteration) => seconds);
  } finally {
    models.reference.rotary.dispose();
    disposeWithBase(models.policy);
  }
}

/** Seconds of kept values whose name has one of some beginnings. */
function kept({ disk }: DiskStore, ...beginnings: string[]): number {
  return [...disk.values].filter(([name]) => beginnings.some((start) => name.startsWith(start)))
    .reduce((sum, [, text]) => sum + (JSON.parse(text) as { seconds: number }).seconds, 0);
}
function trained({ disk }: { disk: DiskStore["disk"] }, iteration: number): number {
  return disk.rows.filter((row) => row.iteration === iteration)
    .reduce((sum, row) => sum + row.seconds, 0);
}

function assertSeconds(
  seconds: Awaited<ReturnType<typeof secondsOf>>,
  expected: readonly Partial<typeof NONE>[],
) {
  seconds.forEach((own, i) => {
    for (const phase of phases) {
      assertClose(own[phase], expected[i]?.[phase] ?? 0, 0, `iteration ${i + 1}, ${phase}`, 1e-9);
    }
  });
}

Deno.test("a run's seconds are those of its kept work, after a kill at any moment too", async () => {
  const expectedOf = (store: DiskStore) =>
    [1, 2].map((t) => ({
      // The reference is scored in iteration 1, the policy of t - 1 in iteration t.
      scoring: t === 1
        ? kept(store, "logps/sft-offline")
        : kept(store, "logps/policy-1-offline", "logps/sft-responses", "logps/policy-1-responses"),
      generation: kept(store, `responses/iteration-${t}`),
      update: trained(store, t),
      evaluation: kept(
        store,
        `evaluation/iteration-${t}`,
        `logps/policy-${t}-held-out`,
        ...(t === 1 ? ["evaluation/sft", "logps/sft-held-out"] : []),
      ),
    }));
  const changes = { iterations: 2 };
  const quiet = new DiskStore();
  const whole = await secondsOf(changes, quiet);
  assertSeconds(whole, expectedOf(quiet));
  for (const { scoring, update, evaluation } of whole) {
    assert.ok(scoring > 0 && update > 0 && evaluation > 0);
  }
  assert.ok(whole[0]!.generation === 0 && whole[1]!.generation > 0);
  assert.deepEqual(await secondsOf(changes, new DiskStore(quiet.disk)), whole, "read back");

  for (let call = 0; call < quiet.calls.length; call += 3) {
    const disk = emptyDisk();
    const kill = { call, when: call % 2 === 0 ? "before" : "after" } as const;
    await assert.rejects(secondsOf(changes, new DiskStore(disk, { kill })), Killed);
    const store = new DiskStore(disk);
    assertSeconds(await secondsOf(changes, store), expectedOf(store));
  }
});

Deno.test("margins that only measurement reads are charged to it, shadows' time with them", async () => {
  const offline = { iterations: 2, bootstrap: null } as const;
  const all = { ...offline, selection: { rule: "all" } } as const;
  const cases: [SeraOptions, "scoring" | "evaluation"][] = [
    [offline, "scoring"],
    [all, "evaluation"],
    [{ ...offline, selection: { rule: "random", keep: 0.7 } }, "evaluation"],
    [{ ...offline, selection: { rule: "relabel" } }, "scoring"],
    [{ ...all, reference: "previous" }, "scoring"], // the loss reads them
    [{ ...offline, crossFit: 2 }, "scoring"],
    [{ ...all, crossFit: 2 }, "evaluation"],
  ];
  for (const [changes, phase] of cases) {
    const store = new DiskStore();
    const [, second] = await secondsOf(changes, store);
    const folds = [...store.disk.parts.values()];
    const margins = kept(store, "logps/policy-1-offline", "logps/fold-") +
      folds.reduce((sum, disk) => sum + trained({ disk }, 1), 0);
    assert.ok(margins > 0 && folds.length === (changes.crossFit ?? 0));
    const measured = kept(store, "evaluation/iteration-2", "logps/policy-2-held-out");
    assertSeconds([NONE, second!], [NONE, {
      scoring: phase === "scoring" ? margins : 0,
      update: trained(store, 2),
      evaluation: measured + (phase === "evaluation" ? margins : 0),
    }]);
  }
});
