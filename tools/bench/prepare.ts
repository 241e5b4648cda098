import { projectRoot } from "../../lib/engine/layout.ts";
import { run } from "../setup/process.ts";
import type { Workload } from "./cases.ts";

/** Git-ignored: models and batches that both workers read. */
const root = `${projectRoot}.bench`;

/** Writes a case's inputs in a process of its own; returns their path. */
export async function prepareInputs(name: string, work: Workload): Promise<string> {
  const script = `${projectRoot}tools/bench/inputs.ts`;
  await run(Deno.execPath(), [
    "run",
    "-A",
    "--quiet",
    script,
    root,
    name,
    JSON.stringify(work),
  ], { cwd: projectRoot });
  return `${root}/${name}/inputs.json`;
}
