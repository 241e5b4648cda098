/** `deno task bench`: this suite and PyTorch side by side on this machine. */
import { loadavg } from "node:os";
import { parseCommand } from "../../lib/cli/command.ts";
import {
  choiceOption,
  integerOption,
  pathOption,
  switchOption,
  textOption,
} from "../../lib/cli/option.ts";
import { runCommand } from "../../lib/cli/run_command.ts";
import { UserError } from "../../lib/errors.ts";
import { projectRoot } from "../../lib/engine/layout.ts";
import { readMachine } from "../../lib/storage/machine.ts";
import { readProvenance } from "../../lib/storage/provenance.ts";
import { parityPython } from "../parity/environment.ts";
import { type BenchCase, benchCases, CASE_IDS } from "./cases.ts";
import { measureCase } from "./measure.ts";
import { prepareInputs } from "./prepare.ts";
import { printProfile } from "./profile.ts";
import type { BenchRecord } from "./record.ts";
import { readRecord, writeResults } from "./results.ts";
import { measureScaling } from "./scaling.ts";
import { summarise } from "./summary.ts";
import { summaryTable } from "./table.ts";

const SPEC = {
  name: "bench",
  description: "Measure this suite and PyTorch in turns: time, memory, how time grows.",
  options: {
    case: textOption({
      flags: "--case <letters>",
      description: `only these cases, of ${CASE_IDS.join(",")}, or scaling`,
      default: [...CASE_IDS, "scaling"].join(","),
    }),
    repeat: integerOption({
      flags: "--repeat <n>",
      description: "repetitions of each side after one warm-up",
      default: 5,
      min: 1,
    }),
    threads: integerOption({
      flags: "--threads <n>",
      description: "threads of one operation, on both sides",
      default: 2,
      min: 1,
    }),
    quick: switchOption({ flags: "--quick", description: "smaller cases d, e, f and scaling" }),
    profile: choiceOption({
      flags: "--profile <case>",
      description: "time of each operation of ours in one case, and its floor; nothing else",
      choices: CASE_IDS,
    }),
    out: pathOption({
      flags: "--out <dir>",
      description: "folder of latest.json, table.md and the plots",
      default: "results/bench",
    }),
  },
  notes:
    `The first run makes the Python environment of \`deno task parity\` (.parity/env, several GB);
SERA_PARITY_PYTHON=<python> uses another one. Cases that are not measured keep their last row.
--quick prints, and writes nothing unless --out is given a folder of its own.`,
};

function chosenCases(text: string, all: readonly BenchCase[]) {
  const wanted = text.split(",").map((word) => word.trim());
  const known = [...all.map(({ id }) => id as string), "scaling"];
  const unknown = wanted.find((word) => !known.includes(word));
  if (unknown !== undefined) {
    throw new UserError(`--case ${unknown} is unknown: choose from ${known.join(", ")}`);
  }
  return {
    cases: all.filter(({ id }) => wanted.includes(id)),
    scaling: wanted.includes("scaling"),
  };
}

await runCommand(async (args) => {
  const { options } = parseCommand(SPEC, args);
  const all = benchCases(options.quick);
  if (options.profile !== undefined) {
    const { work } = all.find(({ id }) => id === options.profile) as BenchCase;
    Deno.env.set("SERA_THREADS", String(options.threads));
    return await printProfile(await prepareInputs(options.profile, work), options.repeat);
  }
  const { cases, scaling } = chosenCases(options.case, all);
  const keep = !options.quick || options.out !== "results/bench";
  const out = `${options.out.startsWith("/") ? "" : projectRoot}${options.out}`;
  const started = {
    loadAverage: loadavg(),
    machine: readMachine(),
    provenance: await readProvenance(),
  };
  const python = cases.length === 0 ? "" : await parityPython();
  const previous = keep ? readRecord(`${out}/latest.json`) : undefined;
  const rows = new Map((previous?.cases ?? []).map((row) => [row.summary.id, row]));
  for (const item of cases) {
    console.log(`${item.id}: ${item.title}`);
    const measurement = await measureCase(item, await prepareInputs(item.id, item.work), {
      python,
      threads: options.threads,
      repeat: options.repeat,
      onStep: (text) => console.error(`   ${text}`),
    });
    const { agreement } = measurement;
    console.log(
      `   ${agreement.agrees ? "same results" : "RESULTS DIFFER"}: ` +
        `${agreement.values} values, largest difference ${agreement.largest.toExponential(1)}`,
    );
    const summary = summarise(item, measurement);
    console.log(
      `   ours ${summary.ours.toFixed(3)} s, PyTorch ${summary.pytorch.toFixed(3)} s, ` +
        `ratio ${summary.ratio.toFixed(2)} (${summary.least.toFixed(2)}-${
          summary.most.toFixed(2)
        }), ` + `memory ${summary.memoryRatio.toFixed(2)}`,
    );
    rows.set(item.id, { summary, measurement, ...started, threads: options.threads });
  }
  const record: BenchRecord = {
    cases: CASE_IDS.flatMap((id) => rows.get(id) ?? []),
    scaling: scaling
      ? { ...started, threads: options.threads, curves: await measureScaling(options) }
      : previous?.scaling ?? null,
  };
  console.log(`\n${summaryTable(record)}`);
  if (keep) await writeResults(out, record);
  const wrong = cases.filter(({ id }) => !rows.get(id)?.measurement.agreement.agrees);
  if (wrong.length > 0) {
    throw new UserError(`both sides disagree in case ${wrong.map(({ id }) => id).join(", ")}`);
  }
});
