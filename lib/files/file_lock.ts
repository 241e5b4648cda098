import { messageOf, UserError } from "../errors.ts";

/** A lock that is held. */
export interface FileLock {
  /** Lets the next one take it. */
  release(): void;
}

/** How a lock is taken and given back. */
export interface FileLockOptions {
  /** What one process writes at a time, for messages: a folder, a file. */
  readonly subject: string;
  /** What to do where another process holds it, after "wait for it, stop it, or". */
  readonly instead: string;
  /** Whether the lock file is removed on release. Default false: it stays, empty. */
  readonly remove?: boolean;
}

/**
 * Takes an advisory lock of the operating system (flock) on a file of its own, which names the
 * holder: it goes when its process ends in any way, `kill -9` too, so a lock left by a dead process
 * cannot be mistaken for a live one.
 *
 * @throws {UserError} naming the process that holds it, or a file system without locks
 */
export function acquireFileLock(
  path: string,
  { subject, instead, remove = false }: FileLockOptions,
): FileLock {
  const file = lockedFile(path, remove, (holder) => {
    throw new UserError(
      `${subject} is being written by ${holder}; wait for it, stop it, or ${instead}`,
    );
  });
  file.truncateSync(0);
  const holder = { pid: Deno.pid, host: Deno.hostname(), since: new Date().toISOString() };
  file.writeSync(new TextEncoder().encode(JSON.stringify(holder) + "\n"));
  let released = false;
  return {
    release: () => {
      if (released) return;
      released = true;
      file.truncateSync(0);
      if (remove) removeQuietly(path);
      file.close();
    },
  };
}

/** The file, locked, and where holders remove it still under its name: the last one may just have. */
function lockedFile(
  path: string,
  removed: boolean,
  refuse: (holder: string) => never,
): Deno.FsFile {
  for (;;) {
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
      refuse(holder);
    }
    if (!removed || isStill(file, path)) return file;
    file.close();
  }
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

function isStill(file: Deno.FsFile, path: string): boolean {
  try {
    return Deno.statSync(path).ino === file.statSync().ino;
  } catch {
    return false;
  }
}

function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // Gone, or it may not be removed while it is open: an empty file is no harm.
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
