import type { ProgressSink } from "../../lib/progress/progress_sink.ts";
import type { StudyRecord } from "../../lib/results/study_record.ts";
import type { StudyStore } from "../../lib/results/study_store.ts";
import { sftKey } from "../studies/run_config.ts";
import type { PlannedRun } from "../studies/study.ts";
import type { StudyTask, StudyTaskResult } from "../studies/worker.ts";
import { runQueue, type Task } from "./work_queue.ts";

/** How the missing runs are done. */
export interface RunMissingOptions {
  readonly jobs: number;
  readonly sftCache: string;
  readonly progress: ProgressSink;
}

/** What became of a plan. */
export interface RunMissingSummary {
  /** Different runs in the plan: cells that share a run count once. */
  readonly planned: number;
  /** Of those, found in the records. */
  readonly found: number;
  readonly done: number;
  readonly failed: number;
}

/**
 * Runs of the plan without a record, each once. The arms of one condition and seed follow each
 * other, so that what is compared ran under the same load and comes in together.
 */
export function missingRuns(plan: readonly PlannedRun[], store: StudyStore): PlannedRun[] {
  const missing = new Map<string, PlannedRun>();
  for (const run of plan) {
    if (!store.records.has(run.hash) && !missing.has(run.hash)) missing.set(run.hash, run);
  }
  const conditions = Map.groupBy(missing.values(), (run) => `${run.study} ${run.condition}`);
  return [...conditions.values()].flatMap((runs) => runs.toSorted((a, b) => a.seed - b.seed));
}

/**
 * Does the runs that have no record yet, on child processes, and adds each record to the file of
 * every study that plans it, at once. A record that one study has is copied for the others.
 */
export async function runMissing(
  plan: readonly PlannedRun[],
  store: StudyStore,
  { jobs, sftCache, progress }: RunMissingOptions,
): Promise<RunMissingSummary> {
  for (const { study, hash } of plan) {
    const record = store.records.get(hash);
    if (record !== undefined) store.add(study, record);
  }
  const missing = missingRuns(plan, store);
  const planned = new Set(plan.map(({ hash }) => hash)).size;
  const found = planned - missing.length;
  if (missing.length === 0) return { planned, found, done: 0, failed: 0 };

  const tasks = tasksOf(missing, sftCache);
  const label = new Map(tasks.map((task) => [task.id, task.label]));
  const models = tasks.length - missing.length;
  let runs = 0;
  let failed = 0;
  // Models first, in a phase of their own: their time says nothing about a run's.
  let phase: StudyTask["kind"] = "sft";
  const beginRuns = () => {
    phase = "run";
    progress.phase("studies", found + missing.length, { unit: "run", done: found });
  };
  if (models > 0) progress.phase("SFT models", models, { unit: "model" });
  else beginRuns();
  await runQueue<StudyTask, StudyTaskResult>(tasks, jobs, {
    module: new URL("../studies/worker.ts", import.meta.url).href,
    env: { SERA_THREADS: "1", OMP_NUM_THREADS: "1", TF_CPP_MIN_LOG_LEVEL: "3" },
  }, {
    onStart: ({ payload }, running) => {
      if (payload.kind === "run" && phase === "sft") {
        progress.done();
        beginRuns();
      }
      progress.advance(0, { running });
    },
    onDone: ({ id, payload }, result, running) => {
      if (result !== null) {
        runs++;
        addToStudies(plan, store, id, result);
      }
      progress.advance(payload.kind === phase ? 1 : 0, { running });
    },
    onRetry: (task, reason) => progress.message(`${task.label} failed, once more: ${reason}`),
    onFailed: (task, reason, running) => {
      failed++;
      progress.message(`${task.label} FAILED: ${describe(reason, label)}`);
      progress.advance(0, { running, failed });
    },
  });
  progress.done();
  return { planned, found, done: runs, failed };
}

function addToStudies(
  plan: readonly PlannedRun[],
  store: StudyStore,
  hash: string,
  record: StudyRecord,
): void {
  const owners = new Set(plan.filter((run) => run.hash === hash).map((run) => run.study));
  for (const study of owners) store.add(study, record);
}

/** One task a run, after one task for each SFT model that several runs start from. */
function tasksOf(runs: readonly PlannedRun[], sftCache: string): Task<StudyTask>[] {
  const models = new Map<string, Task<StudyTask>>();
  const tasks = runs.map(({ study, arm, condition, seed, hash, spec }): Task<StudyTask> => {
    const id = `sft ${sftKey(spec)}`;
    if (!models.has(id)) {
      const payload: StudyTask = { kind: "sft", spec, sftCache };
      models.set(id, { id, label: `SFT model of seed ${seed}`, payload });
    }
    return {
      id: hash,
      label: `${study} ${condition} ${arm} seed ${seed}`,
      payload: { kind: "run", spec, sftCache },
      needs: id,
    };
  });
  return [...models.values(), ...tasks];
}

/** Names a task by its label where a reason names it by its id. */
function describe(reason: string, label: ReadonlyMap<string, string>): string {
  for (const [id, text] of label) if (reason.includes(id)) return reason.replace(id, text);
  return reason;
}
