import { acquireFileLock } from "./file_lock.ts";

/**
 * Holds a file that a command writes, and what it keeps beside it until then, for this process: by
 * `<path>.lock`, which goes when disposed.
 *
 * @throws {UserError} naming the process that holds it, or a file system without locks
 */
export function lockOutput(path: string): Disposable {
  const lock = acquireFileLock(`${path}.lock`, {
    subject: path,
    instead: "choose another --out",
    remove: true,
  });
  return { [Symbol.dispose]: () => lock.release() };
}
