import { join } from "node:path";
import { projectRoot } from "../../lib/engine/layout.ts";
import { hashSpec, type RunSpec } from "../studies/run_config.ts";

/** Where the newcomer's iteration is kept; git ignores it. */
export function walkthroughPath(spec: RunSpec): string {
  return join(projectRoot, ".cache", "walkthrough", `${hashSpec(spec).slice(0, 32)}.json`);
}
