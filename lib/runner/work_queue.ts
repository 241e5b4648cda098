import { type TaskOutcome, WorkerProcess, type WorkerProgram } from "./worker_process.ts";

/** One piece of work. */
export interface Task<Payload> {
  readonly id: string;
  /** For messages. */
  readonly label: string;
  readonly payload: Payload;
  /** A task that must be done before; one that is not in the queue counts as done. */
  readonly needs?: string;
  /**
   * Tasks of one group share what a process remembers: a process goes on with the group of its last
   * task, and begins one that no other is at where there is a choice. Default: a group of its own.
   */
  readonly group?: string;
}

/** What the queue tells while it works. */
export interface QueueObserver<Payload, Result> {
  readonly onStart?: (task: Task<Payload>, running: number) => void;
  /** Now and then while a task is being done: where it is, in words. */
  readonly onPlace?: (task: Task<Payload>, place: string) => void;
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
 * Does tasks on `jobs` child processes, in order as far as needs and groups allow. A failed task is tried once
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
  /** Group of each process's last task. */
  const groups = new Map<number, string | undefined>();
  /** The next task whose need is met, its own group's first; undefined where none is ready now. */
  const next = (process: number): Task<Payload> | undefined => {
    for (let i = 0; i < waiting.length; i++) {
      const task = waiting[i] as Task<Payload>;
      if (task.needs === undefined || !failedIds.has(task.needs)) continue;
      waiting.splice(i, 1);
      fail(task, `needs ${task.needs}, which failed`);
      i = -1; // what needs this task, too, stands anywhere
    }
    const ready = waiting.filter(({ needs }) => needs === undefined || !unfinished.has(needs));
    const own = groups.get(process);
    const others = new Set([...groups].filter(([id]) => id !== process).map(([, group]) => group));
    const task = ready.find(({ group }) => group !== undefined && group === own) ??
      ready.find(({ group }) => group === undefined || !others.has(group)) ?? ready[0];
    if (task === undefined) return undefined;
    groups.set(process, task.group);
    waiting.splice(waiting.indexOf(task), 1);
    return task;
  };

  const work = async (process: number): Promise<void> => {
    let worker: WorkerProcess<Payload, Result> | undefined;
    while (waiting.length > 0) {
      const task = next(process);
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
        outcome = await worker.run(
          task.id,
          task.payload,
          (place) => observer.onPlace?.(task, place),
        );
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
  await Promise.all(
    Array.from({ length: Math.max(1, Math.min(jobs, tasks.length)) }, (_, i) => work(i)),
  );
  return { done, failed: failedIds.size };
}
