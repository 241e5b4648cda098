import { join } from "node:path";
import { UserError } from "../errors.ts";
import { removeIfThere } from "../files/durable_file.ts";
import { endGroup } from "./end_group.ts";
import { liveProcesses } from "./live_processes.ts";
import { GRACE_MS, type GroupRecord, RECORD_ENDING } from "./process_group.ts";

/**
 * Ends the process groups whose records an earlier process left when it was killed. Call it where no
 * other process can own them: under the lock of their folder.
 *
 * @param logs folder of their logs
 * @param tell what is ended, and what cannot be known
 * @throws {UserError} naming what still runs and cannot be ended from here
 */
export async function endLeftRunning(
  logs: string,
  tell: (message: string) => void,
  graceMs = GRACE_MS,
): Promise<void> {
  for (const record of recordsIn(logs)) {
    const told = readRecord(record);
    if (told !== undefined) await endRecorded(told, tell, graceMs);
    removeIfThere(record);
  }
}

async function endRecorded(
  { name, host, pid, started }: GroupRecord,
  tell: (message: string) => void,
  graceMs: number,
): Promise<void> {
  if (host !== Deno.hostname()) {
    tell(
      `warning: ${name} was left by a process that was killed on ${host}: ` +
        `see that process ${pid} has ended there`,
    );
    return;
  }
  const live = liveProcesses();
  const first = live.find((each) => each.pid === pid);
  if (first === undefined) {
    // Its first process has ended. An id is not given anew while a group has it, but who is in this
    // group cannot be known for sure.
    const others = live.filter(({ group }) => group === pid).map((each) => each.pid).join(" ");
    if (others === "") return;
    throw new UserError(
      `${name}, left by a process that was killed, may still run as process ${others}: end it ` +
        `(kill ${others}), then run the same command again`,
    );
  }
  if (first.started !== started) return; // another process with its id
  tell(`ending ${name}, which a process that was killed left running (process ${pid})`);
  if (await endGroup(pid, graceMs)) return;
  throw new UserError(
    `${name}, left by a process that was killed, cannot be ended (process ${pid}): end it, then ` +
      "run the same command again",
  );
}

function recordsIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name)
      .filter((name) => name.endsWith(RECORD_ENDING)).sort().map((name) => join(folder, name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** A record; undefined where it is none, as a crash of the whole machine may leave. */
function readRecord(path: string): GroupRecord | undefined {
  try {
    const { name, host, pid, started } = JSON.parse(Deno.readTextFileSync(path));
    return Number.isSafeInteger(pid) && pid > 1
      ? { name: `${name}`, host: `${host}`, pid, started: `${started}` }
      : undefined;
  } catch {
    return undefined;
  }
}
