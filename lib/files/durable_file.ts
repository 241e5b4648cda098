import { dirname } from "node:path";
import { messageOf, UserError } from "../errors.ts";

/** What a write does to the disk, one after another. */
export type DiskOperation = "create" | "write" | "sync" | "rename" | "truncate" | "remove";

/**
 * Called before each operation on the disk. Tests throw from it to play a crash or a full disk;
 * a run passes none.
 */
export type DiskProbe = (operation: DiskOperation, path: string) => void;

/** Ending of files being written; whoever owns a folder may remove what a crash left of them. */
export const TEMPORARY_ENDING = ".being-written";

/** Bytes handed to the operating system in one call. */
const WRITE_SIZE = 1 << 22;

/**
 * Replaces a file as a whole: writes a temporary file beside it, makes it durable (fsync), renames
 * it over the old one and makes the rename durable. Whenever the process or the machine dies, the
 * file holds all of the old bytes or all of the new ones.
 *
 * @param chunks the file's bytes in order
 * @throws {UserError} if the disk is full or the place cannot be written
 */
export function writeDurably(
  path: string,
  chunks: Iterable<Uint8Array<ArrayBuffer>>,
  probe: DiskProbe = () => {},
): void {
  const temporary = path + TEMPORARY_ENDING;
  try {
    probe("create", temporary);
    using file = Deno.openSync(temporary, { write: true, create: true, truncate: true });
    for (const chunk of chunks) writeAll(file, chunk, temporary, probe);
    probe("sync", temporary);
    file.syncSync();
  } catch (error) {
    removeIfThere(temporary, probe);
    throw explainDiskError(error, path);
  }
  try {
    probe("rename", path);
    Deno.renameSync(temporary, path);
    syncFolder(dirname(path), probe);
  } catch (error) {
    throw explainDiskError(error, path);
  }
}

/**
 * Adds bytes to the end of a file and makes them durable. If that fails, the file is cut back to
 * what it was; a crash may leave a torn tail, which the reader must cut.
 *
 * @throws {UserError} if the disk is full or the file cannot be written
 */
export function appendDurably(
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
  probe: DiskProbe = () => {},
): void {
  try {
    probe("create", path);
    using file = Deno.openSync(path, { write: true, create: true });
    const end = file.seekSync(0, Deno.SeekMode.End);
    try {
      writeAll(file, bytes, path, probe);
      probe("sync", path);
      file.syncDataSync();
    } catch (error) {
      probe("truncate", path);
      file.truncateSync(end);
      throw error;
    }
    if (end === 0) syncFolder(dirname(path), probe);
  } catch (error) {
    throw explainDiskError(error, path);
  }
}

/** Cuts a file to its first `length` bytes, durably. */
export function truncateDurably(path: string, length: number, probe: DiskProbe = () => {}): void {
  try {
    probe("truncate", path);
    using file = Deno.openSync(path, { write: true });
    file.truncateSync(length);
    file.syncSync();
  } catch (error) {
    throw explainDiskError(error, path);
  }
}

/** Removes a file if it is there. */
export function removeIfThere(path: string, probe: DiskProbe = () => {}): void {
  try {
    probe("remove", path);
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Makes renames and new names in a folder durable, where the system can. */
function syncFolder(path: string, probe: DiskProbe): void {
  if (Deno.build.os === "windows") return;
  probe("sync", path);
  using folder = Deno.openSync(path);
  try {
    folder.syncSync();
  } catch {
    // Some network file systems refuse fsync on folders; the rename itself is still atomic.
  }
}

function writeAll(
  file: Deno.FsFile,
  bytes: Uint8Array<ArrayBuffer>,
  path: string,
  probe: DiskProbe,
): void {
  for (let offset = 0; offset < bytes.length;) {
    probe("write", path);
    offset += file.writeSync(bytes.subarray(offset, offset + WRITE_SIZE));
  }
}

/** The system's error as one the user can act on; anything that is not about the disk unchanged. */
export function explainDiskError(error: unknown, path: string): unknown {
  if (error instanceof UserError) return error;
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new UserError(
      `disk full while writing ${path}; nothing before was lost; ` +
        "free space and run the same command again",
    );
  }
  if (
    error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotADirectory ||
    code === "EROFS" || code === "EISDIR"
  ) {
    return new UserError(
      `cannot write ${path}: ${messageOf(error)}; choose a folder that you may write`,
    );
  }
  return error;
}
