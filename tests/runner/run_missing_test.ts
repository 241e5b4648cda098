import assert from "node:assert/strict";
import { join } from "node:path";
import { noise } from "../../experiments/studies/noise.ts";
import { studyNamed } from "../../experiments/studies.ts";
import { smallLanguage } from "../../lib/environments/small_language/environment.ts";
import { canonicalJson } from "../../lib/files/canonical_json.ts";
import type { ProgressSink } from "../../lib/progress/progress_sink.ts";
import { missingRuns, runMissing } from "../../lib/runner/run_missing.ts";
import { openStudy } from "../../lib/study/open_study.ts";
import { type PlannedCell, planStudy } from "../../lib/study/plan.ts";
import type { StudyRecord } from "../../lib/study/record.ts";
import { openRecords } from "../../lib/study/record_store.ts";
import type { Study } from "../../lib/study/study.ts";
import type { SmallLanguageSetting } from "../../lib/environments/small_language/setting.ts";
import { studyTables } from "../../lib/study/tables.ts";
import { tableCsv } from "../../lib/study/table.ts";
import { TINY } from "../environments/small_language/tiny_setting.ts";

/** Four runs (DPO and SeRA, two seeds) that take a fraction of a second each. */
const tiny: Study<SmallLanguageSetting> = {
  ...noise,
  environment: { ...smallLanguage, smoke: { setting: TINY, sera: { steps: 2, batch: 8 } } },
};
const plan: readonly PlannedCell[] = planStudy(tiny, "smoke");

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

async function runAll(records: string, jobs: number, own: readonly PlannedCell[] = plan) {
  const store = openRecords(records, { writable: true });
  const { progress, messages, counted } = recorder();
  const cache = `${records}-shared`;
  const summary = await runMissing(own, store, { jobs, cache, progress });
  return { store, summary, messages, counted: counted() };
}

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A record without what may differ. */
function steady(record: StudyRecord | undefined): string {
  assert.ok(record !== undefined);
  const { volatile: _, ...rest } = record;
  return canonicalJson(rest);
}

Deno.test("one config gives one record, whatever the process and the number of jobs", () =>
  inFolder(async (folder) => {
    const [one, two] = [join(folder, "one"), join(folder, "two")];
    const first = await runAll(one, 1);
    assert.deepEqual(first.messages, []);
    assert.deepEqual(first.summary, { planned: 4, found: 0, done: 4, failed: 0 });
    assert.equal(first.counted, 4);
    const other = await runAll(two, 3);
    for (const { hash } of plan) {
      assert.equal(steady(other.store.records.get(hash)), steady(first.store.records.get(hash)));
    }

    // Nothing is repeated; half the records gone are made again, and the tables are the same.
    const again = await runAll(one, 1);
    assert.deepEqual(again.summary, { planned: 4, found: 4, done: 0, failed: 0 });
    const tables = () =>
      Object.entries(studyTables(openStudy(tiny, { preset: "smoke", records: one })))
        .filter(([name]) => !name.includes("times")).map(([, table]) => tableCsv(table)).join("\n");
    const before = tables();
    const file = join(one, "noise.jsonl");
    const lines = Deno.readTextFileSync(file).trim().split("\n");
    Deno.writeTextFileSync(file, lines.filter((_, i) => i % 2 === 0).join("\n") + "\n");
    assert.equal((await runAll(one, 2)).summary.done, 2);
    assert.equal(tables(), before);

    // A record of one study is copied for another that plans the same run, not done again.
    const shared = plan.map((run) => ({ ...run, study: "selection" }));
    assert.equal((await runAll(one, 1, shared)).summary.done, 0);
    const copied = Deno.readTextFileSync(join(one, "selection.jsonl"));
    assert.ok(plan.every(({ hash }) => copied.includes(`"hash":"${hash}"`)));
  }));

Deno.test("a run that cannot work fails after two tries, by name, and the others finish", () =>
  inFolder(async (folder) => {
    const [first, second] = plan as [PlannedCell, PlannedCell];
    const sera = { ...first.config.sera, selection: { rule: "threshold" as const, tau: NaN } };
    const bad = { ...first, arm: "bad", config: { ...first.config, sera }, hash: "bad" };
    const { summary, messages } = await runAll(join(folder, "records"), 2, [bad, second]);
    assert.deepEqual(summary, { planned: 2, found: 0, done: 1, failed: 1 });
    assert.equal(messages.length, 2);
    assert.match(messages[0] ?? "", /^noise noise-20 bad seed 200 failed, once more: /);
    assert.match(messages[1] ?? "", /^noise noise-20 bad seed 200 FAILED: .*threshold/);
  }));

Deno.test("runs whose shared model cannot be made fail, and it is not counted among them", () =>
  inFolder(async (folder) => {
    const broken = plan.map((run) => ({ ...run, module: `file://${folder}/none.ts` }));
    const models = new Set(plan.map(({ shared }) => shared)).size;
    const { summary, messages } = await runAll(join(folder, "records"), 1, broken);
    assert.deepEqual(summary, { planned: 4, found: 0, done: 0, failed: 4 });
    const ended = messages.filter((text) => text.includes(" FAILED: "));
    assert.equal(ended.length, models + 4);
    assert.equal(ended.filter((text) => text.startsWith("SFT model of seed ")).length, models);
  }));

Deno.test("arms of one condition and seed run after each other", () => {
  const quick = planStudy(studyNamed("cost"), "quick");
  const order = missingRuns(quick, new Map());
  assert.equal(order.length, quick.length);
  assert.deepEqual(
    order.slice(0, 6).map((run) => `${run.condition} ${run.seed} ${run.arm}`),
    [250, 251].flatMap((seed) =>
      ["dpo", "irm-70", "sera"].map((arm) => `pairs-500 ${seed} ${arm}`)
    ),
  );
});
