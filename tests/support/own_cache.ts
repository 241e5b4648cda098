import { join } from "node:path";

/** Gives runs of this process a cache of their own in `dir`, until it is disposed of. */
export function ownCache(dir: string): Disposable {
  const before = Deno.env.get("SERA_CACHE");
  Deno.env.set("SERA_CACHE", join(dir, "cache"));
  return {
    [Symbol.dispose]: () =>
      before === undefined ? Deno.env.delete("SERA_CACHE") : Deno.env.set("SERA_CACHE", before),
  };
}
