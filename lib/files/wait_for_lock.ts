import { dirname } from "node:path";
import { messageOf, UserError } from "../errors.ts";

/**
 * Waits until no other process holds the file's lock (flock), then holds it until disposed. It goes
 * with its process, however that ends.
 *
 * @throws {UserError} if the file cannot be written or its file system has no locks
 */
export async function waitForLock(path: string): Promise<Disposable> {
  let file: Deno.FsFile | undefined;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    file = await Deno.open(path, { write: true, create: true });
    await file.lock(true);
  } catch (error) {
    file?.close();
    throw new UserError(`cannot lock ${path}: ${messageOf(error)}; choose another folder`);
  }
  return file;
}
