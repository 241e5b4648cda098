/**
 * Long trials whose results stand in docs/reliability.md; no part of the gate.
 *
 * deno run -A tests/reliability/campaign.ts kill-align|kill-reproduce|kill-kernel|parallel|downloads
 *   [count] [jobs]
 *
 * Prints one line: what was tried, how often, what came out. Exit code 1 where anything differs.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { projectRoot } from "../../lib/engine/layout.ts";
import { sha256 } from "../../lib/files/fingerprint.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { executeKilled } from "../notebook/killed_kernel.ts";
import { withHub } from "../support/hub_model.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { makeTinyModelFolder } from "../support/tiny_model.ts";
import { jsonLines, tinyPairs } from "../support/tiny_pairs.ts";

/** How often a trial was repeated and what went wrong. */
interface Trial {
  readonly text: string;
  readonly faults: readonly string[];
}

const HUB = fileURLToPath(new URL("../../lib/policy/io/hub.ts", import.meta.url));

function start(cache: string, args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--quiet", ...args],
    env: { SERA_THREADS: "1", SERA_CACHE: cache },
    stdout: "null",
    stderr: "piped",
  }).spawn();
}

async function alignOn(dir: string): Promise<(out: string) => string[]> {
  const model = join(dir, "model"), data = join(dir, "pairs.jsonl");
  await makeTinyModelFolder(model, { seed: 7 });
  await Deno.writeTextFile(data, jsonLines(tinyPairs(40, 3)));
  return (out) => [
    `${projectRoot}experiments/commands/align/main.ts`,
    ...["--model", model, "--data", data, "--out", join(dir, out), "--lr", "0.02", "--batch", "6"],
    ...["--max-new-tokens", "64", "--checkpoint-seconds", "0", "--rank", "4", "--responses", "16"],
  ];
}

const adapterOf = (dir: string, out: string) =>
  sha256(Deno.readFileSync(join(dir, out, "adapter", "adapter_model.safetensors")));

/** A run that failed early has no folder. */
async function forget(dir: string, out: string): Promise<void> {
  await Deno.remove(join(dir, out), { recursive: true }).catch(() => {});
}

/** Runs a command to its end, killing it (SIGKILL) up to `kills` times on the way. */
async function runKilled(
  spawn: () => Deno.ChildProcess,
  kills: number,
  delay: () => number,
): Promise<{ kills: number; fault: string | undefined }> {
  for (let killed = 0;;) {
    const child = spawn();
    const timer = killed < kills
      ? setTimeout(() => {
        try {
          child.kill("SIGKILL");
        } catch {
          // It was faster.
        }
      }, delay())
      : undefined;
    const { code, signal, stderr } = await child.output();
    clearTimeout(timer);
    if (signal === "SIGKILL") killed++;
    else if (code === 0) return { kills: killed, fault: undefined };
    else return { kills: killed, fault: new TextDecoder().decode(stderr).trim() };
  }
}

async function killAlign(count: number): Promise<Trial> {
  return await withTempDir(async (dir) => {
    const args = await alignOn(dir);
    const cache = join(dir, "cache");
    const begin = performance.now();
    await start(cache, args("whole")).output();
    const duration = performance.now() - begin;
    const expected = adapterOf(dir, "whole");
    const faults: string[] = [];
    let kills = 0, runs = 0;
    for (; kills < count; runs++) {
      const out = `run-${runs}`;
      const prng = createPrng(runs, "kill-align");
      const ended = await runKilled(
        () => start(cache, args(out)),
        Math.min(5, count - kills),
        () => duration * (0.2 + 0.8 * prng.uniform()),
      );
      kills += ended.kills;
      if (ended.fault !== undefined) faults.push(`${out}: ${ended.fault}`);
      else if (adapterOf(dir, out) !== expected) faults.push(`${out}: another adapter`);
      await forget(dir, out);
    }
    return { text: `align killed ${kills} times in ${runs} runs`, faults };
  });
}

/** The records without times, and the tables without them, of a finished study. */
function studyResult(out: string): string {
  const records = Deno.readTextFileSync(join(out, "records", "bootstrapping.jsonl")).trim().split(
    "\n",
  )
    .map((line) => JSON.parse(line))
    .map(({ volatile: _volatile, seal: _seal, ...rest }) => JSON.stringify(rest)).sort();
  const folder = join(out, "smoke", "tables");
  const tables = [...Deno.readDirSync(folder)].map(({ name }) => name).sort()
    .filter((name) => !name.includes("_times"))
    .map((name) => Deno.readTextFileSync(join(folder, name)));
  return sha256([...records, ...tables].join("\n"));
}

/** Kills the coordinator, or with every other kill one of its workers. */
async function killReproduce(count: number): Promise<Trial> {
  return await withTempDir(async (dir) => {
    const cache = join(dir, "cache");
    const args = (out: string) => [
      `${projectRoot}experiments/commands/reproduce/main.ts`,
      ...["bootstrapping", "--preset", "smoke", "--seeds", "2", "--skip-notebooks"],
      ...["--jobs", "2", "--out", join(dir, out)],
    ];
    const begin = performance.now();
    await start(cache, args("whole")).output();
    const duration = performance.now() - begin;
    const expected = studyResult(join(dir, "whole"));
    const faults: string[] = [];
    let kills = 0, workers = 0, runs = 0;
    for (; kills < count; runs++) {
      const out = `run-${runs}`;
      const prng = createPrng(runs, "kill-reproduce");
      const spawn = () => {
        const child = start(cache, args(out));
        if (prng.integer(2) === 0) {
          const timer = setTimeout(
            async () => workers += await killWorker(child.pid),
            duration * prng.uniform(),
          );
          child.status.finally(() => clearTimeout(timer));
        }
        return child;
      };
      const left = Math.min(4, count - kills);
      const ended = await runKilled(spawn, left, () => duration * (0.2 + 0.8 * prng.uniform()));
      kills += ended.kills;
      // A worker that died is reported; the next call of the command does what is missing.
      const last = ended.fault === undefined
        ? { fault: undefined }
        : await runKilled(() => start(cache, args(out)), 0, () => 0);
      if (last.fault !== undefined) faults.push(`${out}: ${last.fault}`);
      else if (studyResult(join(dir, out)) !== expected) faults.push(`${out}: another result`);
      await forget(dir, out);
    }
    const text = `reproduce killed ${kills} times, workers of it ${workers} times, in ${runs} runs`;
    return { text, faults };
  });
}

/** Kills one worker of a coordinator. @returns how many were killed: none where it has none now */
async function killWorker(parent: number): Promise<number> {
  const { stdout } = await new Deno.Command("ps", {
    args: ["-o", "pid=,args=", "--ppid", `${parent}`],
  })
    .output();
  const line = new TextDecoder().decode(stdout).split("\n").find((text) =>
    text.includes("lib/runner/worker.ts")
  );
  if (line === undefined) return 0;
  try {
    Deno.kill(Number.parseInt(line, 10), "SIGKILL");
    return 1;
  } catch {
    return 0; // It was faster.
  }
}

/** Kills the kernel of a notebook that runs a study; the same cells then end the same. */
async function killKernel(count: number): Promise<Trial> {
  return await withTempDir(async (dir) => {
    const output = join(dir, "out.ipynb");
    const recordsOf = (folder: string) =>
      Deno.readTextFileSync(join(folder, "noise.jsonl")).trim().split("\n")
        .map((line) => JSON.parse(line))
        .map(({ volatile: _volatile, seal: _seal, ...rest }) => JSON.stringify(rest)).sort()
        .join("\n");
    const begin = performance.now();
    const quiet = await executeKilled(join(dir, "quiet"), output);
    const duration = performance.now() - begin;
    const expected = recordsOf(join(dir, "quiet"));
    const faults: string[] = [];
    let kills = 0, runs = 0;
    for (; kills < count; runs++) {
      const records = join(dir, `run-${runs}`);
      const prng = createPrng(runs, "kill-kernel");
      for (let left = Math.min(4, count - kills); left > 0; left--) {
        const { killed } = await executeKilled(records, output, 0.3 * duration * prng.uniform());
        if (killed) kills++;
      }
      const { shown } = await executeKilled(records, output);
      if (shown !== quiet.shown) faults.push(`run-${runs}: shows ${shown}`);
      else if (recordsOf(records) !== expected) faults.push(`run-${runs}: other records`);
    }
    return { text: `notebook kernel killed ${kills} times in ${runs} runs`, faults };
  });
}

/** `count` runs on one model and one shared cache, which is cold at first, `jobs` at once. */
async function parallel(count: number, jobs: number): Promise<Trial> {
  return await withTempDir(async (dir) => {
    const args = await alignOn(dir);
    const faults: string[] = [];
    const results = new Set<string>();
    let next = 0;
    const work = async () => {
      while (next < count) {
        const n = next++;
        const out = `run-${n}`;
        // A cold cache for each `jobs` runs: they all meet the first write.
        const cache = join(dir, "cache", String(Math.floor(n / jobs)));
        const { code, stderr } = await start(cache, args(out)).output();
        if (code !== 0) faults.push(`${out}: ${new TextDecoder().decode(stderr).trim()}`);
        else results.add(adapterOf(dir, out));
        await forget(dir, out);
      }
    };
    await Promise.all(Array.from({ length: jobs }, work));
    if (results.size !== 1) faults.push(`${results.size} different adapters`);
    return { text: `${count} parallel align runs, ${jobs} at once`, faults };
  });
}

/** `count` processes that download one model for the first time, `jobs` at once into one cache. */
async function downloads(count: number, jobs: number): Promise<Trial> {
  const faults: string[] = [];
  for (let done = 0; done < count; done += jobs) {
    await withHub(async (_hub, dir) => {
      const script = `console.log((await (await import(${JSON.stringify(HUB)}))` +
        `.downloadModel("owner/name")).folder)`;
      const ended = await Promise.all(
        Array.from(
          { length: Math.min(jobs, count - done) },
          () => new Deno.Command(Deno.execPath(), { args: ["eval", "--quiet", script] }).output(),
        ),
      );
      const said = new Set(
        ended.map(({ stdout, stderr }) =>
          new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr)
        ),
      );
      const isOne = said.size === 1 && [...said][0]?.startsWith(join(dir, "cache"));
      if (!isOne || ended.some(({ code }) => code !== 0)) faults.push([...said].join(" "));
    })();
  }
  return { text: `${count} first downloads, ${jobs} at once`, faults };
}

const [what, count = "200", jobs = "8"] = Deno.args;
const trials: Readonly<Record<string, () => Promise<Trial>>> = {
  "kill-align": () => killAlign(Number(count)),
  "kill-reproduce": () => killReproduce(Number(count)),
  "kill-kernel": () => killKernel(Number(count)),
  "parallel": () => parallel(Number(count), Number(jobs)),
  "downloads": () => downloads(Number(count), Number(jobs)),
};
const trial = await trials[what ?? ""]?.();
if (trial === undefined) {
  console.error(`give one of ${Object.keys(trials).join(", ")}`);
  Deno.exit(2);
}
for (const fault of trial.faults) console.log(`  ${fault}`);
console.log(`${trial.text}: ${trial.faults.length} faults`);
Deno.exit(trial.faults.length === 0 ? 0 : 1);
