import assert from "node:assert/strict";
import {
  chooseComparedRows,
  type ComparedRuns,
} from "../../experiments/commands/compare/choose_rows.ts";
import { comparison } from "../../experiments/commands/compare/compare_study.ts";
import { compareCommand, type CompareOptions } from "../../experiments/commands/compare/options.ts";
import { workerEngine } from "../../experiments/commands/compare/worker_engine.ts";
import { parseCommand } from "../../lib/cli/command.ts";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { defaultPreferenceSetting } from "../../lib/environments/preference_file/setting.ts";
import { passBytes, weightBytes } from "../../lib/policy/memory.ts";
import { planStudy } from "../../lib/study/plan.ts";
import { TINY_CONFIG } from "../support/tiny_model.ts";

const ids = (n: number) => Int32Array.from({ length: n }, () => 1);
const pairs = Array.from({ length: 64 }, (_, i) => ({
  ...{ id: String(i), promptIds: ids(100), chosenIds: ids(150), rejectedIds: ids(150) },
}));
const setting = { ...defaultPreferenceSetting, model: "m", data: "d" };
const opened = {
  ...{ files: { config: TINY_CONFIG }, lora: {}, tokenized: { pairs }, setting },
} as unknown as ComparedRuns["opened"];
const engine = () =>
  Promise.resolve(
    { backend: "tensorflow", device: "cpu", nativeOps: true } as Awaited<
      ReturnType<typeof workerEngine>
    >,
  );
/** Bytes that hold some hundreds of rows of the tiny model. */
const SHORT = 10e6;
const none: ComparedRuns["records"] = new Map();

function optionsOf(...more: string[]): CompareOptions {
  const args = ["--model", "m", "--data", "d", "--out", "no-such-folder", "--seeds", "2", ...more];
  return parseCommand(compareCommand, args).options;
}

/** Records as if so many runs of the comparison had been done with these rows. */
function recordsWith(maxRows: number, count: number): ComparedRuns["records"] {
  const plan = planStudy(comparison({ ...optionsOf(), maxRows }, setting), "full", { seeds: 2 });
  return new Map(
    plan.slice(0, count).map(({ hash, config }) => [hash, { hash, config }]),
  ) as unknown as ComparedRuns["records"];
}

Deno.test("compare chooses rows by each process's part of the free memory", async () => {
  const choose = (options: CompareOptions, available: number) =>
    chooseComparedRows(options, { opened, records: none, engine, available });
  assert.deepEqual(await choose(optionsOf("--jobs", "1"), 1e12), { maxRows: 4096 });
  const alone = await choose(optionsOf("--jobs", "1"), SHORT);
  assert.ok(alone.maxRows < 4096 && alone.maxRows >= 400, String(alone.maxRows));
  assert.match(alone.note ?? "", /^--max-rows \d+ instead of 4096: /);
  const both = optionsOf("--jobs", "2");
  assert.deepEqual(await choose(both, 2 * SHORT), alone, "two processes share what is free");
  // Six runs are all that there is to do.
  assert.deepEqual(await choose(optionsOf("--jobs", "50"), 6 * SHORT), alone);
  const given = await choose(optionsOf("--jobs", "1", "--max-rows", "4096"), SHORT);
  assert.equal(given.maxRows, 4096);
  assert.match(given.warning ?? "", /--max-rows \d+ fits/);
});

Deno.test("the method whose own pairs are longest decides, whichever is named first", async () => {
  const choose = (...methods: string[]) =>
    chooseComparedRows(
      optionsOf("--jobs", "1", "--max-new-tokens", "4000", "--methods", methods.join(",")),
      {
        ...{ records: none, engine, available: SHORT },
        opened: {
          ...opened,
          files: { config: { ...TINY_CONFIG, maxPositions: 8192 } },
          setting: { ...setting, maxNewTokens: 4000 },
        } as unknown as ComparedRuns["opened"],
      },
    );
  assert.equal((await choose("plain", "random")).warning, undefined);
  assert.match((await choose("plain", "sera")).warning ?? "", /in one pass has 8099 tokens/);
});

Deno.test("where all weights train, the copies that a worker keeps in memory count", async () => {
  const rows = async (available: number, full: boolean, ...more: string[]) => {
    const { lora: _, ...rest } = opened;
    return (await chooseComparedRows(optionsOf("--jobs", "1", ...more), {
      ...{ opened: full ? rest as typeof opened : opened, records: none, engine, available },
    })).maxRows;
  };
  // Seven copies of an update; one past policy of three iterations, four first iterations.
  const weights = weightBytes(TINY_CONFIG);
  const pass = passBytes(TINY_CONFIG, { rows: 600, longest: 250, fused: true, full: true }) / 0.9;
  assert.ok(Math.abs(await rows(12 * weights + pass, true) - 600) <= 1);
  assert.ok(Math.abs(await rows(14 * weights + pass, true, "--iterations", "9") - 600) <= 1);
  assert.ok(await rows(2 * weights + pass, false) > 600, "adapters are small");
});

Deno.test("a comparison goes on with the rows of its finished runs", async () => {
  const choose = (records: ComparedRuns["records"], ...more: string[]) =>
    chooseComparedRows(optionsOf(...more), { opened, records, engine, available: 1e12 });
  assert.deepEqual(await choose(recordsWith(777, 1)), { maxRows: 777 });
  const more = new Map([...recordsWith(777, 1), ...recordsWith(888, 2)]);
  assert.deepEqual(await choose(more), { maxRows: 888 }, "those of most runs");
  assert.deepEqual(await choose(recordsWith(777, 1), "--max-rows", "555"), { maxRows: 555 });
  assert.deepEqual(
    await choose(recordsWith(777, 6), "--beta", "0.3"),
    { maxRows: 4096 },
    "others'",
  );

  const unasked = () => Promise.reject(new Error("nothing is left to choose"));
  const whole = { opened, records: recordsWith(777, 6), engine: unasked, available: 1 };
  assert.deepEqual(await chooseComparedRows(optionsOf(), whole), { maxRows: 777 });
});

Deno.test("the engine of the workers is asked of a process of its own", async () => {
  const { backend, threads } = await workerEngine();
  assert.equal(backend, (await loadEngine()).info.backend);
  assert.equal(threads, 1);
});
