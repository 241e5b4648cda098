import assert from "node:assert/strict";
import { join } from "node:path";
import type { StudyRecord } from "../../lib/study/study_record.ts";
import { openStudyStore } from "../../lib/study/study_store.ts";
import {
  headToHead,
  onSharedSeeds,
  type StudyCell,
  studyRows,
} from "../../lib/study/study_rows.ts";
import { summaryTable, tableCsv, tableMarkdown } from "../../lib/study/study_tables.ts";
import { tablesOf, writeTables } from "../../experiments/commands/reproduce/study_tables.ts";
import { type PlannedRun, planStudy } from "../../experiments/studies/study.ts";
import { selectionStudy } from "../../experiments/studies/selection.ts";
import { createPrng } from "../../lib/random/prng.ts";

function record(hash: string, gold: number, lengths = [[5, 5], [5, 5]]): StudyRecord {
  return {
    hash,
    spec: { seed: 0 },
    sft: { gold: 0 },
    iterations: [{ gold: gold - 1, kl: null }, { gold, kl: 1.5, truncationRate: 0.5 }],
    samples: { gold: [[gold, gold], [gold, 0]], lengths },
    // Of an older definition: rows and tables have none of it.
    warnings: [{ signature: "decline", iteration: 1, detail: "" }],
    volatile: {
      iterations: [{ trainingSeconds: 1 }, { trainingSeconds: 2 }],
      seconds: 3,
      environment: {},
    },
  };
}

async function inFolder(work: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("records survive, are not added twice, and belong to the study's file", () =>
  inFolder((folder) => {
    const open = () => openStudyStore(folder, ["a", "b"], { writable: true });
    const store = open();
    store.add("a", record("h1", 1));
    store.add("a", record("h1", 1));
    assert.ok(store.has("a", "h1") && !store.has("b", "h1"));
    const again = open();
    assert.deepEqual(again.records.get("h1"), record("h1", 1));
    assert.ok(again.has("a", "h1") && !again.has("b", "h1"));
    assert.equal(Deno.readTextFileSync(join(folder, "a.jsonl")).split("\n").length, 2);
    assert.throws(() => again.has("c", "h1"), RangeError);
  }));

Deno.test("a line torn by a kill is cut off; a broken line elsewhere is named", () =>
  inFolder((folder) => {
    const path = join(folder, "a.jsonl");
    const store = openStudyStore(folder, ["a"], { writable: true });
    store.add("a", record("h1", 1));
    const whole = Deno.readTextFileSync(path);
    Deno.writeTextFileSync(path, whole + '{"hash":"h2","spé');
    const reader = openStudyStore(folder, ["a"], { writable: false });
    assert.deepEqual([...reader.records.keys()], ["h1"]);
    assert.throws(() => reader.add("a", record("h2", 1)), /reading only/);
    openStudyStore(folder, ["a"], { writable: true }).add("a", record("h2", 2));
    const healed = openStudyStore(folder, ["a"], { writable: true });
    assert.deepEqual([...healed.records.keys()], ["h1", "h2"]);
    Deno.writeTextFileSync(path, `${whole}{"nonsense": 1}\n`);
    assert.throws(
      () => openStudyStore(folder, ["a"], { writable: true }),
      /a\.jsonl line 2 is not/,
    );
  }));

const cell = (arm: string, seed: number, hash: string): StudyCell => ({
  study: "a",
  arm,
  armLabel: arm,
  condition: "c",
  conditionLabel: "c",
  conditionValues: {},
  seed,
  hash,
});

Deno.test("rows: the SFT model, then every iteration, with times and warnings so far", () => {
  const rows = studyRows(
    [cell("x", 0, "h1"), cell("x", 1, "absent")],
    new Map([["h1", record("h1", 1)]]),
  );
  assert.deepEqual(rows.map((row) => [row.iteration, row.last, row.warnings]), [
    [0, false, []],
    [1, false, []],
    [2, true, ["collapse"]],
  ]);
  assert.equal(rows[2]?.metrics.trainingSeconds, 2);
  const table = summaryTable(rows, ["gold", "kl"]);
  assert.deepEqual(table.rows.at(-1), ["c", "x", 2, "kl", "nats a response", 1.5, null, null, 1]);
  assert.match(tableCsv(table), /^condition,arm,iteration,metric,unit,mean,low,high,seeds\n/);
  assert.ok(
    tableMarkdown(table).includes("| c | x | 2 | kl | nats a response | 1.5 |  |  | 1 |"),
  );
  assert.equal(tableCsv({ columns: ["a"], rows: [['say "x, y"']] }), 'a\n"say ""x, y"""\n');
});

Deno.test("side by side: only seeds that all arms of a condition share, all rows where there is none", () => {
  const made = (arm: string, seeds: number[], condition = "c") =>
    seeds.map((seed): StudyCell => ({ ...cell(arm, seed, "h"), condition }));
  const records = new Map([["h", record("h", 1)]]);
  const kept = (cells: StudyCell[]) =>
    onSharedSeeds(studyRows(cells, records)).filter((row) => row.last)
      .map((row) => `${row.condition} ${row.arm} ${row.seed}`);
  assert.deepEqual(
    kept([...made("x", [0, 1, 2]), ...made("y", [1, 2, 3]), ...made("x", [7], "d")]),
    ["c x 1", "c x 2", "c y 1", "c y 2", "d x 7"],
  );
  assert.deepEqual(kept([...made("x", [0]), ...made("y", [1])]), ["c x 0", "c y 1"]);
  assert.deepEqual(onSharedSeeds([]), []);
});

Deno.test("head to head: the same prompts and seed, against the baseline arm", () => {
  const records = new Map([["h1", record("h1", 1)], ["h2", record("h2", 2)]]);
  const [duel, ...rest] = headToHead([cell("base", 0, "h1"), cell("x", 0, "h2")], records, "base");
  assert.equal(rest.length, 0);
  // Prompt 1: 2 beats 1 always. Prompt 2: (2, 0) against (1, 0): wins, wins, loses, ties.
  assert.equal(duel?.winRate, (1 + 2.5 / 4) / 2);
});

Deno.test("tables are the same bytes whatever the order of the records", () =>
  inFolder((folder) => {
    const plan = planStudy(selectionStudy, "quick").map((run): PlannedRun => run);
    const made = plan.map((run, i) => {
      const gold = createPrng(i, "gold").uniform();
      return record(run.hash, gold, [[5, 6], [7, 5 + i % 3]]);
    });
    const build = (order: StudyRecord[], name: string) => {
      const records = new Map(order.map((each) => [each.hash, each]));
      writeTables(join(folder, name), tablesOf(selectionStudy, plan, records).tables);
      return [...Deno.readDirSync(join(folder, name))].map((entry) => entry.name).sort().map(
        (file) => file + Deno.readTextFileSync(join(folder, name, file)),
      ).join("");
    };
    const text = build(made, "one");
    assert.equal(build([...made].reverse(), "two"), text);
    assert.match(text, /selection_verdicts\.csv/);
    assert.match(text, /irm-70-over-random-70-at-20/);
  }));
