import { UserError } from "../errors.ts";
import { removeIfThere, writeDurably } from "../files/durable_file.ts";
import { endGroup, signalGroup } from "./end_group.ts";
import { liveProcesses } from "./live_processes.ts";
import { quoteWord } from "../quote_word.ts";

/** Time from SIGTERM to SIGKILL, milliseconds. */
export const GRACE_MS = 30_000;

/** Ending of the name of a group's record, beside its log. */
export const RECORD_ENDING = ".running";

/** What a group's record says, so that a later process can find it. */
export interface GroupRecord {
  readonly name: string;
  readonly host: string;
  /** Of its first process, and of the group. */
  readonly pid: number;
  /** As `LiveProcess`. */
  readonly started: string;
}

/** How a group is started. */
export interface GroupOptions {
  /** For messages: `the server of checkpoint 1`. */
  readonly name: string;
  /** File that gets its output; a record lies beside it while the group may run. */
  readonly log: string;
  /** Time from SIGTERM to SIGKILL, milliseconds. Default 30,000. */
  readonly graceMs?: number;
}

/** Groups of this process that have not been ended. */
const running = new Set<ProcessGroup>();

/** Set where this process is about to end. */
let interrupted = false;

/**
 * A shell command in a session and process group of its own: Ctrl-C does not reach it, and whatever
 * it started ends with it. `endAllGroups` ends it with this process; where this process is killed,
 * `endLeftRunning` finds it by its record.
 */
export class ProcessGroup implements AsyncDisposable {
  /** For messages. */
  readonly name: string;
  /** Of its first process, and of the group. */
  readonly pid: number;
  readonly #record: string;
  readonly #graceMs: number;
  readonly #status: Promise<Deno.CommandStatus>;
  #ended = false;
  #ending: Promise<void> | undefined;

  private constructor(child: Deno.ChildProcess, { name, log, graceMs = GRACE_MS }: GroupOptions) {
    this.name = name;
    this.pid = child.pid;
    this.#record = `${log}${RECORD_ENDING}`;
    this.#graceMs = graceMs;
    this.#status = child.status.finally(() => this.#ended = true);
    running.add(this);
  }

  /**
   * Starts a command, after its record is written.
   *
   * @throws {UserError} where this process is about to end, or the record cannot be written
   */
  static async start(command: string, options: GroupOptions): Promise<ProcessGroup> {
    if (interrupted) throw new UserError(`interrupted before ${options.name} was started`);
    // It waits for a word, which nobody says if this process is killed before the record is there.
    const child = new Deno.Command("sh", {
      args: [
        "-c",
        `read -r go || exit 1; exec < /dev/null >> ${quoteWord(options.log)} 2>&1; ${command}`,
      ],
      detached: true,
      stdin: "piped",
    }).spawn();
    const group = new ProcessGroup(child, options);
    try {
      group.#writeRecord();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode("go\n"));
      await writer.close();
    } catch (error) {
      await group.end();
      throw error;
    }
    return group;
  }

  /** Whether its first process has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * The exit code of its first process.
   *
   * @throws {UserError} where it was ended because this process is about to end: its result, even a
   * success, then says nothing
   */
  async code(): Promise<number> {
    const { code } = await this.#status;
    if (interrupted) throw new UserError(`interrupted: ${this.name} was ended`);
    return code;
  }

  /**
   * Ends every process of the group that still runs.
   *
   * @throws {UserError} naming it where even SIGKILL does not end it
   */
  end(): Promise<void> {
    return this.#ending ??= this.#end();
  }

  /** Kills it, without waiting. */
  kill(): void {
    signalGroup(this.pid, "SIGKILL");
    removeIfThere(this.#record);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  async #end(): Promise<void> {
    const gone = await endGroup(this.pid, this.#graceMs);
    running.delete(this);
    if (!gone) {
      throw new UserError(
        `${this.name} cannot be ended (process ${this.pid}): end it, then run the same command again`,
      );
    }
    await this.#status;
    removeIfThere(this.#record);
  }

  #writeRecord(): void {
    const { name, pid } = this;
    const started = liveProcesses().find((each) => each.pid === pid)?.started ?? "";
    const record: GroupRecord = { name, host: Deno.hostname(), pid, started };
    writeDurably(this.#record, [new TextEncoder().encode(JSON.stringify(record) + "\n")]);
  }
}

/** Names of the groups of this process that may run. */
export function runningGroups(): string[] {
  return [...running].map(({ name }) => name);
}

/**
 * Ends all groups of this process, which is about to end: no further one is started, and none is
 * taken for done.
 *
 * @returns what could not be ended, in a sentence each
 */
export async function endAllGroups(): Promise<string[]> {
  interrupted = true;
  const settled = await Promise.allSettled([...running].map((group) => group.end()));
  return settled.flatMap((each) => each.status === "rejected" ? [String(each.reason.message)] : []);
}

/** Kills all groups of this process at once. */
export function killAllGroups(): void {
  for (const group of running) group.kill();
}
