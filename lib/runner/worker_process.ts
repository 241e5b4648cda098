import { ownPermissions } from "./own_permissions.ts";
import { linesOf } from "./lines_of.ts";
import { parseWorkerLine, type TaskReply } from "./worker_protocol.ts";

/** A worker's program: a module, run by this Deno with these variables. */
export interface WorkerProgram {
  readonly module: string;
  readonly env: Readonly<Record<string, string>>;
}

/** How a task ended: with a result, with an error of its own, or with the death of its process. */
export type TaskOutcome<Result> =
  | { readonly kind: "result"; readonly result: Result }
  | { readonly kind: "error"; readonly message: string }
  | { readonly kind: "crash"; readonly message: string };

/** What to do where memory is short. */
const FEWER = "run fewer processes (--jobs) or smaller ones";

/** Characters of a worker's last words that a crash report shows. */
const LAST_WORDS = 400;

/** A child process that does one task at a time. */
export class WorkerProcess<Payload, Result> {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  #waiting: ((outcome: TaskOutcome<Result>) => void) | undefined;
  #onPlace: (place: string) => void = () => {};
  #lastWords = "";
  #hint = "";
  #dead = false;

  constructor(program: WorkerProgram) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", ...ownPermissions(), "--quiet", program.module],
      env: { ...program.env, NO_COLOR: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#stdin = this.#child.stdin.getWriter();
    this.#stdin.closed.catch(() => {}); // a dead child is reported by `#watch`
    this.#watch();
  }

  /** Whether the process has ended. */
  get dead(): boolean {
    return this.#dead;
  }

  /** The process's id, for tests that kill it. */
  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Does one task. Call again only after the promise settled.
   *
   * @param onPlace told now and then where the task is
   */
  run(
    id: string,
    payload: Payload,
    onPlace: (place: string) => void = () => {},
  ): Promise<TaskOutcome<Result>> {
    return new Promise((resolve) => {
      if (this.#dead) return resolve({ kind: "crash", message: this.#obituary() });
      this.#waiting = resolve;
      this.#onPlace = onPlace;
      const line = new TextEncoder().encode(JSON.stringify({ id, payload }) + "\n");
      this.#stdin.write(line).catch(() => {});
    });
  }

  /** Ends the process. */
  async close(): Promise<void> {
    await this.#stdin.close().catch(() => {});
    await this.#child.status;
  }

  async #watch(): Promise<void> {
    await Promise.all([this.#readReplies(), this.#readErrors()]);
    const { code, signal } = await this.#child.status;
    this.#dead = true;
    // So ends what the system kills for memory, and whom somebody else kills.
    if (signal === "SIGKILL") this.#hint ||= `if the memory was short: ${FEWER}`;
    if (signal) this.#lastWords += ` (signal ${signal})`;
    else if (code !== 0) this.#lastWords += ` (exit code ${code})`;
    this.#settle({ kind: "crash", message: this.#obituary() });
  }

  async #readReplies(): Promise<void> {
    for await (const line of linesOf(this.#child.stdout)) {
      const said = parseWorkerLine<Result>(line);
      if (said === undefined) continue;
      if ("place" in said) this.#onPlace(said.place);
      else this.#settle(outcomeOf(said));
    }
  }

  async #readErrors(): Promise<void> {
    for await (const line of linesOf(this.#child.stderr)) {
      if (/out of memory|bad_alloc|OOM when allocating/i.test(line)) {
        this.#hint = `it was out of memory: ${FEWER}`;
      }
      this.#lastWords = `${this.#lastWords} ${line.trim()}`.slice(-LAST_WORDS);
    }
  }

  #settle(outcome: TaskOutcome<Result>): void {
    this.#waiting?.(outcome);
    this.#waiting = undefined;
  }

  #obituary(): string {
    const words = `the worker process ended: ${this.#lastWords.trim() || "without a word"}`;
    return this.#hint === "" ? words : `${words}; ${this.#hint}`;
  }
}

function outcomeOf<Result>(reply: TaskReply<Result>): TaskOutcome<Result> {
  return "error" in reply
    ? { kind: "error", message: reply.error }
    : { kind: "result", result: reply.result };
}
