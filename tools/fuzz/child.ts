/**
 * Reads changed files one after another and tells what came of each: `fuzz.ts` starts it, watches it
 * and ends it where it hangs. Arguments: reader, seed, first case, cases, folder.
 */
import process from "node:process";
import { basename, join } from "node:path";
import { projectRoot } from "../../lib/engine/layout.ts";
import { ProcessorWatch } from "../../lib/files/processor_watch.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { mutate } from "./mutate.ts";
import { judge, type Outcome } from "./outcome.ts";
import { readers } from "./readers.ts";

/** Processor seconds after which a case ends the process. */
const LAST_CPU_S = 5;

/** One line of this program's output. */
export interface CaseReport {
  readonly index: number;
  /** The changed file. */
  readonly path: string;
  /** Left out in the line that says that a case begins. */
  readonly outcome?: Outcome;
  readonly message?: string;
  /** Processor seconds. */
  readonly seconds?: number;
  /** How far the peak of resident memory rose, bytes. */
  readonly memory?: number;
}

const [name = "", seed = "0", first = "0", count = "0", folder = ""] = Deno.args;
const reader = readers[name];
if (reader === undefined) throw new Error(`no reader ${name}`);
const seeds = reader.seeds.map((path) => [path, Deno.readFileSync(projectRoot + path)] as const);
const beside = (reader.beside ?? []).map((path) =>
  [basename(path), Deno.readFileSync(projectRoot + path)] as const
);

const watch = new ProcessorWatch();

for (let index = Number(first); index < Number(count); index++) {
  const prng = createPrng(Number(seed), "fuzz", name, index);
  const [origin, bytes] = seeds[prng.integer(seeds.length)]!;
  const own = join(folder, String(index)); // removed by the parent when it has judged the case
  Deno.mkdirSync(own, { recursive: true });
  const path = join(own, basename(origin));
  for (const [other, content] of beside) Deno.writeFileSync(join(own, other), content);
  Deno.writeFileSync(path, mutate(bytes, prng));
  report({ index, path });
  watch.begin(LAST_CPU_S);
  resetPeak();
  const before = peak();
  const start = cpuSeconds();
  const { outcome, message } = await attempt(path);
  const seconds = cpuSeconds() - start;
  report({ index, path, outcome, message, seconds, memory: peak() - before });
}
Deno.exit(0); // the watch would go on

async function attempt(path: string): Promise<{ outcome: Outcome; message: string }> {
  try {
    for (const values of await reader!.read(path) ?? []) {
      if (!values.every(Number.isFinite)) return { outcome: "non-finite", message: "" };
    }
    return { outcome: "accepted", message: "" };
  } catch (error) {
    return judge(error);
  }
}

function report(line: CaseReport): void {
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(line) + "\n"));
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function resetPeak(): void {
  try {
    Deno.writeTextFileSync("/proc/self/clear_refs", "5");
  } catch {
    // Only Linux measures the peak of one case.
  }
}

function peak(): number {
  try {
    const status = Deno.readTextFileSync("/proc/self/status");
    return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
  } catch {
    return Deno.memoryUsage().rss;
  }
}
