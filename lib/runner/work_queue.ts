import { type TaskOutcome, WorkerProcess, type WorkerProgram } from "./worker_process.ts";

/** One piece of work. */
export interface Task<Payload> {
  readonly id: string;
  /** For messages. */
  readonly label: string;
  readonly payload: Payload;
  /** A task that must be done before; one that is not in the queue counts as done. */
  readonly needs?: string;
}

/** What the queue tells while it works. */
export interface QueueObserver<Payload, Result> {
  readonly onStart?: (task: Task<Payload>, running: number) => void;
  readonly onDone: (task: Task<Payload>, result: Result, running: number) => void;
  /** The first failure of a task: it is tried once more, on a fresh process. */
  readonly onRetry: (task: Task<Payload>, reason: string) => void;
  /** The second failure; tasks that need it fail with it. */
  readonly onFailed: (task: Task<Payload>, reason: string, running: number) => void;
}

/** How many tasks ended which way. */
export interface QueueSummary {
  readonly done: number;
  readonly failed: number;
}

/**
 * Does tasks on `jobs` child processes, in order as far as needs allow. A failed task is tried once
 * more; the others go on whatever happens. Processes live as long as the queue.
 */
export async function runQueue<Payload, Result>(
  tasks: readonly Task<Payload>[],
  jobs: number,
  program: WorkerProgram,
  observer: QueueObserver<Payload, Result>,
): Promise<QueueSummary> {
  const waiting = [...tasks];
  const unfinished = new Set(tasks.map((task) => task.id));
  const failedIds = new Set<string>();
  const idle: (() => void)[] = [];
  let running = 0;
  let done = 0;

  const wakeAll = () => idle.splice(0).forEach((wake) => wake());
  const fail = (task: Task<Payload>, reason: string) => {
    unfinished.delete(task.id);
    failedIds.add(task.id);
    observer.onFailed(task, reason, running);
  };
  /** The first task whose need is met; undefined where none is ready now. */
  const next = (): Task<Payload> | undefined => {
    for (let i = 0; i < waiting.length;) {
      const task = waiting[i] as Task<Payload>;
      if (task.needs !== undefined && failedIds.has(task.needs)) {
        waiting.splice(i, 1);
        fail(task, `needs ${task.needs}, which failed`);
        i = 0; // what needs this task, too, stands anywhere
      } else if (task.needs !== undefined && unfinished.has(task.needs)) {
        i++;
      } else {
        waiting.splice(i, 1);
        return task;
      }
    }
    return undefined;
  };

  const work = async (): Promise<void> => {
    let worker: WorkerProcess<Payload, Result> | undefined;
    while (waiting.length > 0) {
      const task = next();
      if (task === undefined) {
        if (waiting.length > 0) await new Promise<void>((resolve) => idle.push(resolve));
        continue;
      }
      running++;
      observer.onStart?.(task, running);
      let outcome: TaskOutcome<Result> | undefined;
      for (let attempt = 1; attempt <= 2; attempt++) {
        if (attempt === 2 || worker?.dead) { // a second try never meets the first one's state
          await worker?.close();
          worker = undefined;
        }
        worker ??= new WorkerProcess(program);
        outcome = await worker.run(task.id, task.payload);
        if (outcome.kind === "result") break;
        if (attempt === 1) observer.onRetry(task, outcome.message);
      }
      running--;
      if (outcome?.kind === "result") {
        unfinished.delete(task.id);
        done++;
        observer.onDone(task, outcome.result, running);
      } else {
        fail(task, outcome?.message ?? "");
      }
      wakeAll();
    }
    await worker?.close();
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(jobs, tasks.length)) }, work));
  return { done, failed: failedIds.size };
}
