import { resolve } from "node:path";

/**
 * A path as the user means it: from the folder that they stand in. `deno task` runs in the
 * repository and tells that folder by INIT_CWD.
 */
export function userPath(path: string): string {
  return resolve(Deno.env.get("INIT_CWD") || Deno.cwd(), path);
}
