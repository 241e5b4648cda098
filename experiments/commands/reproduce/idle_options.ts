import { idleFor, type IdleOptions } from "../../../lib/cli/idle_options.ts";
import type { ReproduceOptions } from "./options.ts";

type Key = keyof ReproduceOptions;

const OF_SLURM: readonly Key[] = [
  ...["partition", "account", "time", "memory", "gpus", "arrayLimit", "attempts"] as const,
];

/** What says which runs are done, and what becomes of them: a plan knows both. */
const OF_STUDIES: readonly Key[] = [
  ...["reuse", "seeds", "arms", "publish", "out", "tables", "merge", "dryRun"] as const,
  "skipNotebooks",
];

/** Options of `reproduce` without effect beside the others. */
export function idleOptions(
  { executor, dryRun, tables, merge, index }: ReproduceOptions,
): IdleOptions<Key> {
  const slurm = executor === "slurm";
  return new Map<Key, string>([
    ...(slurm ? [] : idleFor(OF_SLURM, "runs outside Slurm (no --executor slurm)")),
    // The time that --dry-run tells is of so many processes.
    ...(slurm && !dryRun ? idleFor(["jobs"], "--executor slurm") : []),
    ...(tables ? idleFor(["reuse", "plan"], "--tables") : []),
    ...(tables && merge ? idleFor(["merge"], "--tables") : []),
    ...(index === undefined ? [] : idleFor(OF_STUDIES, "--index, which does one run of the plan")),
  ]);
}
