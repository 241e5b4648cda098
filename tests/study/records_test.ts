import assert from "node:assert/strict";
import { join } from "node:path";
import { canonicalJson } from "../../lib/files/canonical_json.ts";
import { fingerprintJson } from "../../lib/files/fingerprint.ts";
import { openStudy } from "../../lib/study/open_study.ts";
import { planStudy } from "../../lib/study/plan.ts";
import { openRecords } from "../../lib/study/record_store.ts";
import { onSharedSeeds, studyRows } from "../../lib/study/rows.ts";
import { tableCsv, tableMarkdown, writeTables } from "../../lib/study/table.ts";
import { studyTables } from "../../lib/study/tables.ts";
import { winRates } from "../../lib/study/win_rates.ts";
import { recordOf, rowsWithGold, study } from "./sample_study.ts";

const plan = planStudy(study, "full");
const [first, second] = plan as [typeof plan[number], typeof plan[number]];
const metrics = [{ gold: 0, kl: null }, { gold: 1, kl: 1.5, truncationRate: 0.5 }];

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
    const store = openRecords(folder, { writable: true });
    const record = recordOf(first, metrics);
    store.add("a", record);
    store.add("a", record);
    store.add("b", record);
    assert.deepEqual(openRecords(folder).records.get(first.hash), record);
    for (const name of ["a", "b"]) {
      assert.equal(Deno.readTextFileSync(join(folder, `${name}.jsonl`)).split("\n").length, 2);
    }
  }));

Deno.test("one record of a run counts, whatever the order of the directory: the first by file name", () =>
  inFolder((folder) => {
    const record = recordOf(first, metrics);
    const other = recordOf(first, [{ gold: 5 }]);
    const names = ["b", "d", "a", "c", "e"];
    for (const [i, name] of names.entries()) {
      const alone = join(folder, `alone ${name}`);
      openRecords(alone, { writable: true }).add(name, i === 2 ? record : other);
      Deno.renameSync(join(alone, `${name}.jsonl`), join(folder, `${name}.jsonl`));
    }
    const real = Deno.readDirSync;
    const opened = [1, -1].map((sign) => {
      Deno.readDirSync = (path) =>
        [...real(path)].sort((x, y) => sign * (x.name < y.name ? -1 : 1))[Symbol.iterator]();
      try {
        return openRecords(folder).records.get(first.hash);
      } finally {
        Deno.readDirSync = real;
      }
    });
    assert.deepEqual(opened, [record, record]);
    const store = openRecords(folder, { writable: true });
    store.add("f", other);
    assert.deepEqual(store.records.get(first.hash), record);
    const lines = (name: string) => Deno.readTextFileSync(join(folder, `${name}.jsonl`));
    assert.equal(lines("f"), lines("a"));
  }));

Deno.test("what comes after a file is full goes into a further one of the study", () =>
  inFolder((folder) => {
    const long = recordOf(first, metrics);
    const full = { ...long, samples: { lengths: [Array<number>(2 ** 21).fill(1)] } };
    openRecords(folder, { writable: true }).add("a", full);
    openRecords(folder, { writable: true }).add("a", recordOf(second, metrics));
    const lines = (name: string) =>
      Deno.readTextFileSync(join(folder, name)).split("\n").filter((line) => line !== "").length;
    assert.deepEqual([lines("a.jsonl"), lines("a.2.jsonl")], [1, 1]);
    const store = openRecords(folder, { writable: true });
    assert.deepEqual([...store.records.keys()].sort(), [first.hash, second.hash].sort());
    store.add("a", full);
    store.add("a", recordOf(second, metrics));
    assert.deepEqual([lines("a.jsonl"), lines("a.2.jsonl")], [1, 1], "added twice");
  }));

Deno.test("a line torn by a kill is cut off; a broken, changed or misnamed line is named", () =>
  inFolder((folder) => {
    const path = join(folder, "a.jsonl");
    openRecords(folder, { writable: true }).add("a", recordOf(first, metrics));
    const whole = Deno.readTextFileSync(path);
    Deno.writeTextFileSync(path, whole + '{"hash":"h2","spé');
    const reader = openRecords(folder);
    assert.deepEqual([...reader.records.keys()], [first.hash]);
    assert.throws(() => reader.add("a", recordOf(second, metrics)), /reading only/);
    openRecords(folder, { writable: true }).add("a", recordOf(second, metrics));
    assert.deepEqual([...openRecords(folder).records.keys()], [first.hash, second.hash]);
    const refused = (line: string, what: RegExp) => {
      Deno.writeTextFileSync(path, whole + line + "\n");
      assert.throws(() => openRecords(folder), what);
    };
    refused('{"nonsense": 1}', /a\.jsonl line 2 is not a study record/);
    refused("nonsense", /a\.jsonl line 2 is not JSON/);
    refused(whole.trim().replace('"gold":1,', '"gold":999,'), /line 2 was changed/);
    const swapped = JSON.stringify({ ...JSON.parse(whole), hash: second.hash });
    refused(swapped, /line 2 was changed/);
    const { seal: _seal, ...rest } = JSON.parse(whole);
    const made = (value: object) => canonicalJson({ ...value, seal: fingerprintJson(value) });
    refused(made({ ...rest, hash: second.hash }), /line 2 has a hash that is not its config's/);
    refused(made({}), /line 2 is not a study record/);
    for (const part of ["sft", "iterations", "samples"]) {
      refused(made({ ...rest, [part]: null }), /line 2 lacks a part of a study record/);
    }
    refused("[]", /line 2 is not a study record/);
    refused(whole.trim().replace('"gold":1,', '"gold":1e400,'), /line 2 was changed/);
    const deep = "[".repeat(1e5) + "]".repeat(1e5);
    refused(
      whole.trim().replace('"gold":1,', `"gold":${deep},`),
      /line 2 (was changed|is not JSON)/,
    );
  }));

Deno.test("a damaged line is named and set aside where somebody is told; the others stay as they are", () =>
  inFolder((folder) => {
    const path = join(folder, "a.jsonl");
    const add = () => openRecords(folder, { writable: true });
    for (const run of [first, second]) add().add("a", recordOf(run, metrics));
    const lines = Deno.readTextFileSync(path).split("\n");
    const bytes = new TextEncoder().encode(lines.join("\n"));
    bytes[40]! ^= 0x80; // no UTF-8 any more
    const torn = new TextEncoder().encode('{"hash":"h');
    Deno.writeFileSync(path, Uint8Array.from([...bytes, ...torn]));

    const told: string[] = [];
    const onDamaged = (message: string) => told.push(message);
    const reader = openRecords(folder, { onDamaged });
    assert.deepEqual([...reader.records.keys()], [second.hash]);
    assert.match(told.pop() ?? "", /a\.jsonl line 1 (was changed|is not JSON).*; it is left out$/);
    assert.equal(Deno.readFileSync(path).length, bytes.length + torn.length, "nothing is written");
    assert.throws(() => openRecords(folder, { writable: true }), /line 1 .*; restore the file, or/);

    Deno.writeFileSync(path, Uint8Array.from([...bytes, ...torn]));
    const store = openRecords(folder, { writable: true, onDamaged });
    assert.match(
      told.pop() ?? "",
      /line 1 .*; it is moved to .*a\.jsonl\.damaged, and its run done/,
    );
    assert.equal(Deno.readTextFileSync(path), `${lines[1]}\n`);
    assert.equal(Deno.readTextFileSync(`${path}.damaged`).trimEnd().length, lines[0]?.length);
    store.add("a", recordOf(first, metrics));
    assert.equal(Deno.readTextFileSync(path), `${lines[1]}\n${lines[0]}\n`);
    assert.deepEqual(told, []);
    assert.deepEqual([...openRecords(folder).records.keys()], [second.hash, first.hash]);
  }));

Deno.test("rows: the SFT model, then every iteration, flat, with factors, times and warnings so far", () => {
  const lengths = [Array<number>(16).fill(5)];
  const rows = studyRows(plan, new Map([[first.hash, recordOf(first, metrics, { lengths })]]));
  assert.deepEqual(rows.map((row) => [row.iteration, row.last, row.warnings]), [
    [0, false, []],
    [1, false, []],
    [2, true, ["collapse"]],
  ]);
  const { gold, totalTrainingSeconds, flipRate, rule, keep, ownShare } = rows[2] ?? {};
  assert.deepEqual(
    { gold, totalTrainingSeconds, flipRate, rule, keep, ownShare },
    { gold: 1, totalTrainingSeconds: 20, flipRate: 0, rule: "all", keep: 1, ownShare: 0 },
  );
});

Deno.test("half of two samples cut is no collapse", () => {
  const records = new Map([[first.hash, recordOf(first, metrics)]]);
  assert.deepEqual(studyRows(plan, records).at(-1)?.warnings, []);
});

Deno.test("side by side: only seeds that all arms of a condition share, all rows where there is none", () => {
  const kept = (seeds: Record<string, number[]>) => {
    const rows = rowsWithGold(() => 0).filter((row) =>
      row.condition === "noise-20" && row.last && seeds[row.arm]?.includes(row.seed)
    );
    return onSharedSeeds(rows).map((row) => `${row.arm} ${row.seed}`);
  };
  assert.deepEqual(kept({ dpo: [0, 1], sera: [1, 2] }), ["dpo 1", "sera 1"]);
  assert.deepEqual(kept({ dpo: [0], sera: [1] }), ["dpo 0", "sera 1"]);
});

Deno.test("tables: the same bytes whatever the order of the records; by hand, a win rate", () =>
  inFolder((folder) => {
    const records = plan.map((run) =>
      recordOf(run, [{ gold: 0 }, {
        gold: run.seed + (run.arm === "sera" ? 0.75 + run.seed / 4 : 0),
      }], {
        gold: run.arm === "sera" ? [[2, 2], [2, 0]] : [[1, 1], [1, 0]],
        lengths: [[5, 6], [7, 5]],
      })
    );
    const build = (order: typeof records, name: string) => {
      const store = openRecords(join(folder, name), { writable: true });
      for (const record of order) store.add("sample", record);
      const tables = studyTables(openStudy(study, { records: join(folder, name) }));
      writeTables(join(folder, name, "tables"), tables);
      const files = [...Deno.readDirSync(join(folder, name, "tables"))].map((entry) => entry.name);
      return files.sort().map((file) =>
        `${file}\n${Deno.readTextFileSync(join(folder, name, "tables", file))}`
      ).join("");
    };
    const text = build(records, "one");
    assert.equal(build(records.toReversed(), "two"), text);
    assert.match(
      text,
      /sample_verdicts\.csv\n.*\nbetter,supported,gold,noise-20,sera,dpo,higher,1,/,
    );
    // Prompt 1: 2 beats 1 always. Prompt 2: (2, 0) against (1, 0): wins, wins, loses, ties.
    assert.match(text, new RegExp(`noise-20,sera,dpo,${(1 + 2.5 / 4) / 2},`));
    const [rate] = winRates(openStudy(study, { records: join(folder, "one") }), [["sera", "dpo"]]);
    assert.deepEqual([rate?.label, rate?.n, rate?.pairs.length], ["SeRA against DPO", 2, 2]);
    assert.ok(Math.abs((rate?.mean ?? NaN) - ((1 + 2.5 / 4) / 2 - 0.5)) < 1e-12);
    assert.match(text, /noise-20,sera,2,gold,reward,2,/); // mean of 0.75, 2, 3.25
    assert.match(text, /noise-20,sera,dpo,0\.8125,,,0\.\d+,,,3\n/, "equal seeds: no interval");
  }));

Deno.test("a table as CSV and Markdown", () => {
  assert.equal(tableCsv({ columns: ["a"], rows: [['say "x, y"']] }), 'a\n"say ""x, y"""\n');
  assert.equal(
    tableMarkdown({ columns: ["a", "b"], rows: [["x|y", 1.23456], [null, 2]] }),
    "| a | b |\n| --- | --- |\n| x\\|y | 1.23 |\n|  | 2 |\n",
  );
});
