import { basename, dirname, join, resolve } from "node:path";

/** Ending of the names of files that are being written. */
export const TEMPORARY_ENDING = ".being-written";

/** Files named so far by this thread: makes their names differ. */
let named = 0;

/** A name beside `path` for writing it, this writer's own: `<name>.<host>-<process>-<number>`. */
export function temporaryName(path: string): string {
  const start = join(dirname(path), basename(path).slice(0, 100));
  return `${start}.${Deno.hostname()}-${Deno.pid}-${++named}${TEMPORARY_ENDING}`;
}

/**
 * Marks a new temporary file as being written, by a lock of the operating system (flock) that goes
 * with its process however that ends. On a disk without locks nothing is marked, nor ever removed.
 *
 * @returns whether the file is there still: another process may just have taken it for abandoned
 */
export function holdTemporary(file: Deno.FsFile, path: string): boolean {
  try {
    if (!file.tryLockSync(true)) return false;
  } catch {
    return true;
  }
  try {
    return Deno.lstatSync(path).ino === file.statSync().ino;
  } catch {
    return false;
  }
}

/**
 * Removes the temporary files of a folder that no living process writes.
 *
 * @param anyHost those of other machines too: where a folder's owner is known to be this process
 */
export function removeAbandoned(folder: string, anyHost = false): void {
  const ours = `.${Deno.hostname()}`;
  for (const { name, isFile } of Deno.readDirSync(folder)) {
    if (!isFile || !name.endsWith(TEMPORARY_ENDING)) continue;
    const writer = name.slice(0, -TEMPORARY_ENDING.length).replace(/-\d+-\d+$/, "");
    if (anyHost || writer.endsWith(ours)) removeUnlessHeld(join(folder, name));
  }
}

/** Folders that this thread has tidied. */
const tidied = new Set<string>();

/** `removeAbandoned`, once for each folder: what killed processes left does not stay for ever. */
export function tidyOnce(folder: string): void {
  const path = resolve(folder);
  if (tidied.has(path)) return;
  tidied.add(path);
  try {
    removeAbandoned(path);
  } catch {
    // It may be written and not listed: no reason to stop.
  }
}

function removeUnlessHeld(path: string): void {
  try {
    using file = Deno.openSync(path, { read: true, write: true });
    if (file.tryLockSync(true)) Deno.removeSync(path);
  } catch {
    // Gone by now, of another user, or on a disk without locks: it stays.
  }
}
