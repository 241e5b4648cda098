import { dirname } from "node:path";
import { messageOf, UserError } from "../errors.ts";
import { holdTemporary, temporaryName, tidyOnce } from "./temporary_file.ts";

/** What a write does to the disk, one after another. */
export type DiskOperation = "create" | "write" | "sync" | "rename" | "truncate" | "remove";

/**
 * Called before each operation on the disk. Tests throw from it to play a crash or a full disk;
 * a run passes none.
 */
export type DiskProbe = (operation: DiskOperation, path: string) => void;

/** Bytes handed to the operating system in one call. */
const WRITE_SIZE = 1 << 22;

/**
 * A file written piece by piece that takes its place as a whole: a temporary file beside it, made
 * durable (fsync), renamed over the old one, the rename made durable. Whenever the process or the
 * machine dies, the file holds all of the old bytes or all of the new ones. The temporary name is
 * this writer's own, so any number of processes may write the same file: the last `finish` counts.
 * Disposed before it is finished, it leaves the file as it was. Missing folders are made; what killed
 * processes of this machine left half-written in the folder is removed.
 *
 * Every method throws `UserError` if the disk is full or the place cannot be written.
 */
export class DurableWriter implements Disposable {
  readonly #path: string;
  readonly #probe: DiskProbe;
  readonly #temporary: string;
  readonly #file: Deno.FsFile;
  #open = true;

  constructor(path: string, probe: DiskProbe = () => {}) {
    this.#path = path;
    this.#probe = probe;
    try {
      Deno.mkdirSync(dirname(path), { recursive: true });
      tidyOnce(dirname(path));
      [this.#temporary, this.#file] = createBeside(path, probe);
    } catch (error) {
      throw explainDiskError(error, path);
    }
  }

  /** Adds bytes. */
  write(bytes: Uint8Array<ArrayBuffer>): void {
    try {
      writeAll(this.#file, bytes, this.#temporary, this.#probe);
    } catch (error) {
      throw explainDiskError(error, this.#path);
    }
  }

  /** Makes the file durable and puts it in its place. */
  finish(): void {
    try {
      this.#probe("sync", this.#temporary);
      this.#file.syncSync();
      this.#probe("rename", this.#path);
      // Closed after it: without its lock the file would pass for a dead process's.
      Deno.renameSync(this.#temporary, this.#path);
      this.#open = false;
      this.#file.close();
      syncFolder(dirname(this.#path), this.#probe);
    } catch (error) {
      throw explainDiskError(error, this.#path);
    }
  }

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    this.#file.close();
    try {
      removeIfThere(this.#temporary, this.#probe);
    } catch {
      // The error that ended the writing is the one to tell; the next writer here tidies up.
    }
  }
}

/** Writes a file as `DurableWriter` does, from its bytes in order. */
export function writeDurably(
  path: string,
  chunks: Iterable<Uint8Array<ArrayBuffer>>,
  probe: DiskProbe = () => {},
): void {
  using writer = new DurableWriter(path, probe);
  for (const chunk of chunks) writer.write(chunk);
  writer.finish();
}

/** A new file beside `path` under a name that nobody else has, dead processes of our id included. */
function createBeside(path: string, probe: DiskProbe): [string, Deno.FsFile] {
  for (;;) {
    const temporary = temporaryName(path);
    try {
      probe("create", temporary);
      const file = Deno.openSync(temporary, { write: true, createNew: true });
      if (holdTemporary(file, temporary)) return [temporary, file];
      file.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
}

/**
 * Adds bytes to the end of a file, wherever that is by then, and makes them durable. If that fails,
 * the file is cut back to what it was; a crash may leave a torn tail, which the reader must cut.
 *
 * @throws {UserError} if the disk is full or the file cannot be written
 */
export function appendDurably(
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
  probe: DiskProbe = () => {},
): void {
  try {
    tidyOnce(dirname(path));
    probe("create", path);
    using file = Deno.openSync(path, { append: true, create: true });
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

/**
 * Removes a file if it is there.
 *
 * @throws {UserError} if the folder may not be written
 */
export function removeIfThere(path: string, probe: DiskProbe = () => {}): void {
  try {
    probe("remove", path);
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw explainDiskError(error, path);
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
  // Whatever else the system says of a place (read-only, no such parent, a file in the way) is about
  // the place too.
  const isSystemError = Object.values(Deno.errors).some((kind) => error instanceof kind);
  if (isSystemError || (typeof code === "string" && /^E[A-Z0-9]+$/.test(code))) {
    return new UserError(
      `cannot write ${path}: ${messageOf(error)}; choose a folder that you may write`,
    );
  }
  return error;
}
