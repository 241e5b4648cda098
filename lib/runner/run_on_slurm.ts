/** The runs of a plan as array jobs of Slurm, watched until each has its result. */
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { appendDurably, writeDurably } from "../files/durable_file.ts";
import { wholeLines } from "../files/whole_lines.ts";
import type { ProgressSink } from "../progress/progress_sink.ts";
import { quoteWord } from "../quote_word.ts";
import { activeTasks, type SlurmRequest, submitArray } from "./slurm.ts";
import { hasPart, readSweep, type SweepRun } from "./sweep_plan.ts";

/** How the runs are done. */
export interface RunOnSlurmOptions extends SlurmRequest {
  /** Shell command of the run whose index follows as its last word. */
  readonly command: string;
  /** Submissions of a run, at most. */
  readonly attempts: number;
  /** Seconds between two looks at the queue. */
  readonly pollSeconds: number;
  readonly progress: ProgressSink;
}

/** A run without a result after all of its attempts. */
export interface FailedRun {
  readonly run: SweepRun;
  /** Of its last attempt. */
  readonly log: string;
}

/** Submitted together: task k does the run at place k. */
interface Submission {
  readonly job: string;
  readonly indices: readonly number[];
}

/** Tasks of one array: Slurm's default limit is 1001. */
const ARRAY = 1000;

/**
 * Submits the runs without a result and waits for them. What was submitted stands beside the plan:
 * after this process's end the same call watches the same jobs. A run whose task ended without a
 * result (failed, preempted, cancelled, its node lost) is submitted again, a bounded number of times.
 *
 * @returns the runs that have no result
 * @throws {UserError} where sbatch refuses this call's first job and none of an earlier one is active:
 *   the request is wrong then. Later refusals (a limit, a restart) are told, and tried again.
 */
export async function runOnSlurm(
  plan: string,
  { command, attempts, pollSeconds, progress, ...request }: RunOnSlurmOptions,
): Promise<FailedRun[]> {
  const runs = readSweep(plan);
  const book = `${plan}.slurm.jsonl`;
  const submissions = Array.from(wholeLines(book), (line): Submission => JSON.parse(line));
  const logs = `${plan}.logs`;
  Deno.mkdirSync(logs, { recursive: true });
  const missing = () => runs.flatMap((run, index) => hasPart(plan, run) ? [] : [index]);
  const tries = (index: number) => submissions.filter((one) => one.indices.includes(index)).length;
  const before = submissions.length;
  const first = missing();
  progress.phase("slurm", runs.length, { unit: "run", done: runs.length - first.length });
  let left = first.length;
  /** Runs that the last look found neither waiting nor running. */
  let idle = new Set<number>();
  /** What sbatch said last, where it refused. */
  let refusal = "";
  for (;;) {
    const wanted = missing();
    progress.advance(left - wanted.length);
    left = wanted.length;
    if (left === 0) break;
    const active = await activeTasks();
    if (active === undefined) {
      progress.message("Slurm does not answer: asking again");
    } else {
      const places = new Map(submissions.map(({ job, indices }) => [job, indices]));
      const busy = new Set<number>();
      let running = 0;
      for (const { job, task, running: runs } of active) {
        const index = places.get(job)?.[task];
        if (index === undefined) continue;
        busy.add(index);
        running += Number(runs);
      }
      progress.advance(0, { running, waiting: busy.size - running });
      const still = wanted.filter((index) => !busy.has(index));
      // A result may show a moment after its task has left the queue: look twice.
      const ready = still.filter((index) => tries(index) === 0 || idle.has(index));
      idle = new Set(still);
      const due = ready.filter((index) => tries(index) < attempts + extra(index, before));
      for (let at = 0; at < due.length; at += ARRAY) {
        const first = submissions.length === before && busy.size === 0;
        if (!await submit(due.slice(at, at + ARRAY), first)) break;
      }
      if (due.length === 0 && busy.size === 0 && ready.length === wanted.length) break;
    }
    await new Promise((resolve) => setTimeout(resolve, 1000 * pollSeconds));
  }
  progress.done();
  return missing().map((index) => {
    const last = submissions.findLast(({ indices }) => indices.includes(index)) as Submission;
    const log = join(logs, `${last.job}_${last.indices.indexOf(index)}.log`);
    return { run: runs[index] as SweepRun, log };
  });

  /** A call that finds all attempts of a run used up before it began gives it as many again. */
  function extra(index: number, before: number): number {
    const used = submissions.slice(0, before).filter((one) => one.indices.includes(index)).length;
    return used >= attempts ? used : 0;
  }

  /** @returns whether it was taken; a refusal is thrown where it is `fatal` */
  async function submit(indices: readonly number[], fatal: boolean): Promise<boolean> {
    const list = `${plan}.slurm-${submissions.length}.txt`;
    writeDurably(list, [new TextEncoder().encode(indices.join("\n") + "\n")]);
    const taken = submitArray({
      name: "sera",
      script: "#!/bin/sh\n" +
        `exec ${command} "$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" ${quoteWord(list)})"\n`,
      tasks: indices.length,
      log: join(logs, "%A_%a.log"),
    }, request);
    let job: string;
    try {
      job = await taken;
    } catch (error) {
      if (fatal || !(error instanceof UserError)) throw error;
      if (error.message !== refusal) progress.message(`warning: ${error.message}: trying again`);
      refusal = error.message;
      return false;
    }
    refusal = "";
    const submission: Submission = { job, indices };
    submissions.push(submission);
    appendDurably(book, new TextEncoder().encode(JSON.stringify(submission) + "\n"));
    for (const index of indices) idle.delete(index);
    const again = indices.filter((index) => tries(index) > 1).length;
    progress.message(
      `job ${job}: ${indices.length} runs${again === 0 ? "" : `, ${again} of them again`}`,
    );
    return true;
  }
}
