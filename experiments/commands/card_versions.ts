import type { Provenance } from "../../lib/storage/provenance.ts";

/** What made a result, for its card. */
export function cardVersions(
  { commit, dirty, versions }: Provenance,
): readonly (readonly [name: string, version: string])[] {
  return [
    ["SeRA suite", versions.suite],
    ["commit", commit === null ? "unknown" : `${commit.slice(0, 12)}${dirty ? ", changed" : ""}`],
    ["Deno", versions.deno],
    ["TensorFlow.js", versions.tfjs],
  ];
}
