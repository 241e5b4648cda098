import { join } from "node:path";
import { UserError } from "../../errors.ts";

/**
 * A folder of this project's cache: `$SERA_CACHE/sera/<name>`, else `$XDG_CACHE_HOME/sera/<name>`,
 * else `~/.cache/sera/<name>`. Throws `UserError` when none of the three is set.
 */
export function cacheDir(name: string): string {
  const home = Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE");
  const root = Deno.env.get("SERA_CACHE") || Deno.env.get("XDG_CACHE_HOME") ||
    (home && join(home, ".cache"));
  if (!root) throw new UserError("no folder for caches: set SERA_CACHE to one that can be written");
  return join(root, "sera", name);
}
