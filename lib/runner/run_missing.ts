import { join } from "node:path";
import type { ProgressSink } from "../progress/progress_sink.ts";
import type { PlannedCell } from "../study/plan.ts";
import type { StudyRecord } from "../study/record.ts";
import type { RecordStore } from "../study/record_store.ts";
import { runQueue, type Task } from "./work_queue.ts";
import type { RunTask, RunTaskResult } from "./worker.ts";

/** How the missing runs are done. */
export interface RunMissingOptions {
  /** Processes, each on one thread. */
  readonly jobs: number;
  /** Folder of what runs share. */
  readonly cache: string;
  /** Folder for the texts of each run's samples, `<hash>.json`. Default: they are not kept. */
  readonly samples?: string;
  readonly progress: ProgressSink;
  /** Called with each new record, after it was kept. */
  readonly onRecord?: (record: StudyRecord) => void;
}

/** What became of a plan. */
export interface RunMissingSummary {
  /** Different runs in the plan: cells that share a run count once. */
  readonly planned: number;
  /** Of those, found in the records. */
  readonly found: number;
  /** Runs that were done now. */
  readonly done: number;
  /** Runs that ended with an error. */
  readonly failed: number;
}

/**
 * Runs of the plan without a record, each once. The arms of one condition and seed follow each
 * other, so that what is compared ran under the same load and comes in together.
 */
export function missingRuns(
  plan: readonly PlannedCell[],
  records: ReadonlyMap<string, StudyRecord>,
): PlannedCell[] {
  const missing = new Map<string, PlannedCell>();
  for (const run of plan) {
    if (!records.has(run.hash) && !missing.has(run.hash)) missing.set(run.hash, run);
  }
  const conditions = Map.groupBy(missing.values(), (run) => `${run.study} ${run.condition}`);
  return [...conditions.values()].flatMap((runs) => runs.toSorted((a, b) => a.seed - b.seed));
}

/**
 * Does the runs that have no record yet, on child processes, and adds each record to the file of
 * every study that plans it, at once. A record that one study has is copied for the others.
 */
export async function runMissing(
  plan: readonly PlannedCell[],
  store: RecordStore,
  { jobs, cache, samples, progress, onRecord }: RunMissingOptions,
): Promise<RunMissingSummary> {
  for (const { study, hash } of plan) {
    const record = store.records.get(hash);
    if (record !== undefined) store.add(study, record);
  }
  const missing = missingRuns(plan, store.records);
  const planned = new Set(plan.map(({ hash }) => hash)).size;
  const found = planned - missing.length;
  if (missing.length === 0) return { planned, found, done: 0, failed: 0 };

  const tasks = tasksOf(missing, cache, samples);
  const label = new Map(tasks.map((task) => [task.id, task.label]));
  const shared = tasks.length - missing.length;
  let runs = 0;
  let failed = 0;
  // What runs share comes first, in a phase of its own: its time says nothing about a run's.
  let phase: RunTask["kind"] = "shared";
  const beginRuns = () => {
    phase = "run";
    progress.phase("studies", found + missing.length, { unit: "run", done: found });
  };
  if (shared > 0) progress.phase("SFT models", shared, { unit: "model" });
  else beginRuns();
  await runQueue<RunTask, RunTaskResult>(tasks, jobs, {
    module: new URL("./worker.ts", import.meta.url).href,
    env: { SERA_THREADS: "1", OMP_NUM_THREADS: "1", TF_CPP_MIN_LOG_LEVEL: "3" },
  }, {
    onStart: ({ payload }, running) => {
      if (payload.kind === "run" && phase === "shared") {
        progress.done();
        beginRuns();
      }
      progress.advance(0, { running });
    },
    onPlace: ({ label }, place) => progress.advance(0, { now: `${place} (${label})` }),
    onDone: ({ id, payload }, record, running) => {
      if (record !== null) {
        runs++;
        const owners = new Set(plan.filter((run) => run.hash === id).map((run) => run.study));
        for (const study of owners) store.add(study, record);
        onRecord?.(record);
      }
      progress.advance(payload.kind === phase ? 1 : 0, { running, now: "" });
    },
    onRetry: (task, reason) => progress.message(`${task.label} failed, once more: ${reason}`),
    onFailed: (task, reason, running) => {
      // What runs share is no run: those that need it fail, too, and are counted.
      if (task.payload.kind === "run") failed++;
      progress.message(`${task.label} FAILED: ${describe(reason, label)}`);
      progress.advance(0, { running, now: "", ...(failed > 0 && { failed }) });
    },
  });
  progress.done();
  return { planned, found, done: runs, failed };
}

/** One task per run, after one task for everything that several runs share. */
function tasksOf(
  runs: readonly PlannedCell[],
  cache: string,
  samples: string | undefined,
): Task<RunTask>[] {
  const shared = new Map<string, Task<RunTask>>();
  const tasks = runs.map((run): Task<RunTask> => {
    const { study, arm, condition, seed, hash, config, module } = run;
    const label = `${study} ${condition} ${arm} seed ${seed}`;
    const task: Task<RunTask> = {
      ...{ id: hash, label, group: `${study} ${condition} ${seed}` },
      payload: {
        ...{ kind: "run", config, module, cache },
        ...(samples !== undefined && { samples: join(samples, `${hash}.json`) }),
      },
    };
    if (run.shared === null) return task;
    const id = `shared ${run.shared}`;
    if (!shared.has(id)) {
      const payload: RunTask = { kind: "shared", config, module, cache };
      shared.set(id, { id, label: `SFT model of seed ${seed}`, payload });
    }
    return { ...task, needs: id };
  });
  return [...shared.values(), ...tasks];
}

/** Names a task by its label where a reason names it by its id. */
function describe(reason: string, label: ReadonlyMap<string, string>): string {
  for (const [id, text] of label) if (reason.includes(id)) return reason.replace(id, text);
  return reason;
}
