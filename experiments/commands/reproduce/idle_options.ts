import { idleFor, type IdleOptions } from "../../../lib/cli/idle_options.ts";
import type { ReproduceOptions } from "./options.ts";

type Key = keyof ReproduceOptions;

const OF_SLURM: readonly Key[] = [
  ...["partition", "account", "time", "memory", "gpus", "arrayLimit", "attempts"] as const,
];

/** Options of `reproduce` without effect beside the others. */
export function idleOptions(
  { executor, dryRun, tables, index }: ReproduceOptions,
): IdleOptions<Key> {
  const slurm = executor === "slurm";
  return new Map<Key, string>([
    ...(slurm ? [] : idleFor(OF_SLURM, "runs outside Slurm (no --executor slurm)")),
    // The time that --dry-run tells is of so many processes.
    ...(slurm && !dryRun ? idleFor(["jobs"], "--executor slurm") : []),
    ...(tables ? idleFor(["reuse"], "--tables") : []),
    ...(index === undefined ? [] : idleFor(["reuse"], "--index")),
  ]);
}
