import { messageOf } from "../errors.ts";
import { writeDurably } from "../files/durable_file.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "../storage/checkpoint_file.ts";

/** Told what went wrong with the cache: nothing is lost but time. */
export type CacheWarning = (message: string) => void;

/** Prints to stderr. */
export const warnOnStderr: CacheWarning = (message) => console.error(`warning: ${message}`);

/**
 * What is kept in a file of a cache; undefined where it is not there. The file carries its own
 * SHA-256; a damaged one is named, set aside and counts as absent.
 *
 * @param what is kept, for the warning: "SFT model"
 */
export function readCached(path: string, what: string, warn: CacheWarning): Checkpoint | undefined {
  try {
    return decodeCheckpoint(Deno.readFileSync(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    warn(`cached ${what} ${path} cannot be used (${messageOf(error)}); making it anew`);
    try {
      Deno.renameSync(path, `${path}.damaged`);
    } catch {
      // Where it cannot be set aside it cannot be replaced either.
    }
    return undefined;
  }
}

/** Puts something into a cache, if that can be written: any number of processes may share it. */
export function writeCached(
  path: string,
  what: string,
  checkpoint: Checkpoint,
  warn: CacheWarning,
): void {
  try {
    writeDurably(path, encodeCheckpoint(checkpoint));
  } catch (error) {
    warn(`the ${what} is not kept: ${messageOf(error)}`);
  }
}
