import assert from "node:assert/strict";
import { join } from "node:path";
import type { ProgressSink } from "../../lib/progress/progress_sink.ts";
import { type StudyRecord } from "../../lib/study/study_record.ts";
import { openStudyStore, type StudyStore } from "../../lib/study/study_store.ts";
import { canonicalJson } from "../../lib/files/canonical_json.ts";
import { missingRuns, runMissing } from "../../experiments/commands/reproduce/run_missing.ts";
import { tablesOf, writeTables } from "../../experiments/commands/reproduce/study_tables.ts";
import { hashSpec, withPatch } from "../../experiments/studies/run_config.ts";
import { noiseStudy } from "../../experiments/studies/noise.ts";
import { studyNamed } from "../../experiments/studies/studies.ts";
import { type PlannedRun, planStudy } from "../../experiments/studies/study.ts";

/** Four runs (DPO and SeRA, two seeds) that take a fraction of a second each. */
const plan: PlannedRun[] = planStudy(noiseStudy, "smoke").map((run) => {
  const spec = withPatch(run.spec, {
    world: { heldOutPrompts: 8 },
    sft: { hiddenSize: 16, intermediateSize: 16, heads: 2, sentences: 64, steps: 4, batch: 16 },
    data: { pairs: 24 },
    method: { stepsPerIteration: 2, batchPairs: 8 },
    evaluation: { samplesPerPrompt: 2 },
  });
  return { ...run, spec, hash: hashSpec(spec) };
});

function recorder(): { progress: ProgressSink; messages: string[]; counted: () => number } {
  const messages: string[] = [];
  let phase = "";
  let count = 0;
  return {
    messages,
    counted: () => count,
    progress: {
      phase: (name) => phase = name,
      advance: (n) => count += phase === "studies" ? n : 0,
      message: (text) => messages.push(text),
      done: () => {},
    },
  };
}

async function runAll(folder: string, jobs: number, own = plan) {
  const store = openStudyStore(folder, ["noise", "selection"], { writable: true });
  const { progress, messages, counted } = recorder();
  const sftCache = join(folder, "sft");
  const summary = await runMissing(own, store, { jobs, sftCache, progress });
  return { store, summary, messages, counted: counted() };
}

/** A record without what may differ. */
function steady(record: StudyRecord | undefined): string {
  assert.ok(record !== undefined);
  const { volatile: _, ...rest } = record;
  return canonicalJson(rest);
}

Deno.test("one spec gives one record, whatever the process and the number of jobs", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const one = await runAll(join(folder, "one"), 1);
    assert.deepEqual(one.messages, []);
    assert.deepEqual(one.summary, { planned: 4, found: 0, done: 4, failed: 0 });
    assert.equal(one.counted, 4);
    const two = await runAll(join(folder, "two"), 3);
    for (const { hash } of plan) {
      assert.equal(steady(two.store.records.get(hash)), steady(one.store.records.get(hash)));
    }

    // Nothing is repeated; half the records gone are made again, and the tables are the same.
    const again = await runAll(join(folder, "one"), 1);
    assert.deepEqual(again.summary, { planned: 4, found: 4, done: 0, failed: 0 });
    const tables = (name: string) => {
      const { records } = openStudyStore(join(folder, name), ["noise"], { writable: false });
      const { tables } = tablesOf(noiseStudy, plan, records);
      writeTables(join(folder, name, "tables"), tables);
      return Object.keys(tables).filter((each) => !each.includes("times")).map((each) =>
        Deno.readTextFileSync(join(folder, name, "tables", `${each}.csv`))
      ).join("\n");
    };
    const before = tables("one");
    const file = join(folder, "one", "noise.jsonl");
    const lines = Deno.readTextFileSync(file).trim().split("\n");
    Deno.writeTextFileSync(file, lines.filter((_, i) => i % 2 === 0).join("\n") + "\n");
    assert.equal((await runAll(join(folder, "one"), 2)).summary.done, 2);
    assert.equal(tables("one"), before);

    // A record of one study is copied for another that plans the same run, not done again.
    const shared = plan.map((run) => ({ ...run, study: "selection" as const }));
    const copied = await runAll(join(folder, "one"), 1, shared);
    assert.equal(copied.summary.done, 0);
    assert.ok(plan.every(({ hash }) => copied.store.has("selection", hash)));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a run that cannot work fails after two tries, by name, and the others finish", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [first, second] = plan as [PlannedRun, PlannedRun];
    const spec = withPatch(first.spec, { method: { selection: { rule: "threshold", tau: NaN } } });
    const bad = { ...first, arm: "bad", spec, hash: "bad" };
    const { summary, messages } = await runAll(folder, 2, [bad, second]);
    assert.deepEqual(summary, { planned: 2, found: 0, done: 1, failed: 1 });
    assert.equal(messages.length, 2);
    assert.match(messages[0] ?? "", /^noise noise-20 bad seed 0 failed, once more: /);
    assert.match(messages[1] ?? "", /^noise noise-20 bad seed 0 FAILED: /);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("arms of one condition and seed run after each other", () => {
  const study = studyNamed("cost");
  const plan = planStudy(study, "quick");
  const none = { records: new Map() } as unknown as StudyStore;
  const order = missingRuns(plan, none);
  assert.equal(order.length, plan.length);
  assert.deepEqual(
    order.slice(0, 6).map((run) => `${run.condition} ${run.seed} ${run.arm}`),
    [50, 51].flatMap((seed) => ["dpo", "irm-70", "sera"].map((arm) => `pairs-500 ${seed} ${arm}`)),
  );
});
