import { join } from "node:path";
import { messageOf, UserError } from "../errors.ts";

/** Name of the lock file in a run directory. It stays when the lock is released. */
export const LOCK_NAME = ".lock";

/** The right to write a folder, held by one process at a time. */
export interface RunLock {
  /** Gives the folder free. */
  release(): void;
}

/**
 * Takes a folder's lock, an advisory lock of the operating system (flock): it goes when its process
 * ends in any way, `kill -9` too, so a lock left by a dead process cannot be mistaken for a live one.
 *
 * @throws {UserError} naming the process that holds it, or a file system without locks
 */
export function acquireRunLock(folder: string): RunLock {
  const path = join(folder, LOCK_NAME);
  const file = openLockFile(path);
  let locked = false;
  try {
    locked = file.tryLockSync(true);
  } catch (error) {
    file.close();
    throw new UserError(
      `cannot lock ${path}: ${messageOf(error)}; choose a folder on a disk with file locks`,
    );
  }
  if (!locked) {
    const holder = readHolder(file);
    file.close();
    throw new UserError(
      `${folder} is being written by ${holder}; wait for it, stop it, or choose another folder`,
    );
  }
  file.truncateSync(0);
  const holder = { pid: Deno.pid, host: Deno.hostname(), since: new Date().toISOString() };
  file.writeSync(new TextEncoder().encode(JSON.stringify(holder) + "\n"));
  let released = false;
  return {
    release: () => {
      if (released) return;
      released = true;
      file.truncateSync(0);
      file.close();
    },
  };
}

function openLockFile(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { read: true, write: true, create: true });
  } catch (error) {
    throw new UserError(
      `cannot write ${path}: ${messageOf(error)}; choose a folder that you may write`,
    );
  }
}

function readHolder(file: Deno.FsFile): string {
  const buffer = new Uint8Array(512);
  const length = file.readSync(buffer) ?? 0;
  try {
    const { pid, host, since } = JSON.parse(new TextDecoder().decode(buffer.subarray(0, length)));
    return `process ${pid} on ${host} (since ${since})`;
  } catch {
    return "another process";
  }
}
