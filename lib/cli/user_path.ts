import { existsSync } from "node:fs";
import { resolve } from "node:path";

/**
 * A path as the user means it: from the folder that they stand in, or from their home where it begins
 * with "~/", which no shell expands in a config file. `deno task` runs in the repository and tells the
 * folder by INIT_CWD.
 */
export function userPath(path: string): string {
  const home = /^~(\/|$)/.test(path) ? Deno.env.get("HOME") : undefined;
  const folder = home ?? (Deno.env.get("INIT_CWD") || Deno.cwd());
  return resolve(folder, home === undefined ? path : path.slice(2));
}

/** `owner/name`, with a revision or a split, of every folder too (`owner/name:*` and so on). */
const HUB_NAME = /^[\w-][\w.-]*\/[\w-][\w.-]*([@:][\w./*-]+)*$/;

/** A path as the user means it; a hub id, unless there is such a path, as it is. */
export function userPathOrHub(text: string): string {
  const path = userPath(text);
  return HUB_NAME.test(text) && !existsSync(path) ? text : path;
}
