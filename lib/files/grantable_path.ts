import { join, resolve } from "node:path";
import { messageOf, UserError } from "../errors.ts";

/** A path that `--allow-read` can name; what was made for it goes with it. */
export interface GrantablePath extends Disposable {
  readonly path: string;
}

/**
 * A path to a file by which another Deno can be given access to that file alone: the file's own, or
 * where it has a comma, at which Deno parts a list of paths, that of a link in a temporary folder.
 *
 * @throws {UserError} where no link can be made
 */
export function grantablePath(path: string): GrantablePath {
  if (!path.includes(",")) return { path, [Symbol.dispose]: () => {} };
  let folder: string | undefined;
  const remove = () => {
    if (folder !== undefined) Deno.removeSync(folder, { recursive: true });
  };
  try {
    folder = Deno.makeTempDirSync({ prefix: "sera-" });
    if (folder.includes(",")) throw new Error(`${folder} has one, too`);
    const link = join(folder, "file");
    Deno.symlinkSync(resolve(path), link);
    return { path: link, [Symbol.dispose]: remove };
  } catch (error) {
    remove();
    throw new UserError(
      `${path} has a comma in its path, which Deno's permissions cannot name, and a link without one ` +
        `cannot be made (${messageOf(error)}): move or rename it`,
    );
  }
}
