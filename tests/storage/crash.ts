import type { DiskProbe } from "../../lib/files/durable_file.ts";

/** Thrown by `crashAt` in place of the process's death. */
export class Crash extends Error {}

/**
 * A probe under which the n-th operation on the disk, and every one after it, never happens: to
 * the disk that is a process killed there. `count` tells how many operations were asked for.
 */
export function crashAt(n: number): { probe: DiskProbe; count: () => number } {
  let operations = 0;
  return {
    probe: (operation, path) => {
      if (++operations >= n) throw new Crash(`${operation} ${path}`);
    },
    count: () => operations,
  };
}

/** Runs `work`, which may crash. Returns whether it did. */
export function crashes(work: () => void): boolean {
  try {
    work();
    return false;
  } catch (error) {
    if (error instanceof Crash) return true;
    throw error;
  }
}

/** An error as Deno throws it for a full disk. */
export function fullDisk(): Error {
  return Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
}

/** Runs `work` in a new folder that is removed afterwards. */
export async function inTemporaryFolder(work: (folder: string) => void | Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "sera-results-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
