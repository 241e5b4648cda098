/** One child process of the gate, and what it counted. */
import { projectRoot } from "../../lib/engine/layout.ts";
import { type Counts, readJunit } from "./junit.ts";

/** A static check (counts as one test) or a file of tests. */
export interface Job {
  readonly name: string;
  readonly kind: "check" | "tests";
  /** Arguments of Deno. */
  readonly args: readonly string[];
}

/** What a job left behind. */
export interface JobResult extends Counts {
  readonly job: Job;
  readonly seconds: number;
  /** Everything it printed, for a job that failed. */
  readonly output: string;
}

/** A job that hangs is stopped after this time and counts as failed. */
const limitMs = 30 * 60_000;

/** Runs a job in a process of its own: a crash of native code fails that job alone. */
export async function runJob(job: Job, threads: number, scratch: string): Promise<JobResult> {
  const started = performance.now();
  const junit = `${scratch}/${job.name.replaceAll(/[^A-Za-z0-9]/g, "_")}.xml`;
  const args = job.kind === "tests" ? [...job.args, `--junit-path=${junit}`] : job.args;
  const { success, output, timedOut } = await deno(args, threads);
  const counts = job.kind === "check"
    ? { passed: success ? 1 : 0, failures: success ? [] : [job.name], skipped: [] }
    : await countTests(junit, job.name, success);
  return {
    job,
    ...counts,
    seconds: (performance.now() - started) / 1000,
    output: timedOut ? `${output}\nstopped after ${limitMs / 60_000} minutes` : output,
  };
}

/** A process that ended badly without naming a failed test has crashed: one failure. */
async function countTests(junit: string, name: string, success: boolean): Promise<Counts> {
  let counts: Counts = { passed: 0, failures: [], skipped: [] };
  try {
    counts = readJunit(await Deno.readTextFile(junit));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (success && counts.passed + counts.skipped.length === 0) {
    return { ...counts, failures: [`${name}: ran no test`] };
  }
  if (success || counts.failures.length > 0) return counts;
  return { ...counts, failures: [`${name}: crashed or failed outside its tests`] };
}

async function deno(args: readonly string[], threads: number) {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: projectRoot,
    env: { SERA_THREADS: String(threads), NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, limitMs);
  const { success, stdout, stderr } = await child.output();
  clearTimeout(timer);
  const decoder = new TextDecoder();
  return { success, timedOut, output: decoder.decode(stdout) + decoder.decode(stderr) };
}
