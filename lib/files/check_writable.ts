import { statfsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { explainDiskError } from "./durable_file.ts";
import { temporaryName, tidyOnce } from "./temporary_file.ts";

/** Room that any output needs, bytes: less is found out before the work. */
const LEAST_ROOM = 16 * 2 ** 20;

/**
 * Makes sure that files can be written into a folder, which is made: with a small file that is
 * removed again, and by the room that the disk has left. What killed processes of this machine left
 * half-written there is removed first.
 *
 * @param bytes room needed; default 16 MiB
 * @throws {UserError} naming the folder and what is wrong with it
 */
export function checkWritable(folder: string, bytes = LEAST_ROOM): void {
  const probe = temporaryName(join(folder, ".writable"));
  try {
    Deno.mkdirSync(folder, { recursive: true });
    tidyOnce(folder);
    Deno.writeFileSync(probe, new Uint8Array(4096));
  } catch (error) {
    throw explainDiskError(error, folder);
  } finally {
    try {
      Deno.removeSync(probe);
    } catch {
      // It was never made.
    }
  }
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free >= bytes) return;
  throw new UserError(
    `${folder} is on a disk with ${(free / 2 ** 20).toFixed(0)} MiB left; ` +
      `${(bytes / 2 ** 20).toFixed(0)} MiB are needed: free space or choose another folder`,
  );
}
