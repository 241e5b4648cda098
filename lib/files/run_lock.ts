import { join } from "node:path";
import { acquireFileLock, type FileLock } from "./file_lock.ts";

/** Name of the lock file in a run directory. It stays when the lock is released. */
export const LOCK_NAME = ".lock";

/** The right to write a folder, held by one process at a time. */
export type RunLock = FileLock;

/**
 * Takes a folder's lock; see `acquireFileLock`.
 *
 * @throws {UserError} naming the process that holds it, or a file system without locks
 */
export function acquireRunLock(folder: string): RunLock {
  return acquireFileLock(join(folder, LOCK_NAME), {
    subject: folder,
    instead: "choose another folder",
  });
}
