import type { RunDirectory } from "../../../lib/storage/run_directory.ts";
import type { ExternalCommands } from "./commands_elsewhere.ts";

const names = ["trainer", "serve"] as const;

/**
 * The commands in a run's config: earlier versions had them there, and a run of theirs keeps them so
 * that it stays the same run. Commands are how a run is done and not what it is: they may change.
 */
export function commandsIn(config: unknown): Partial<ExternalCommands> {
  const given = Object(config) as Record<string, unknown>;
  return Object.fromEntries(
    names.filter((name) => typeof given[name] === "string").map((name) => [name, given[name]]),
  );
}

/**
 * Logs that a process begins to work on a run, with its commands.
 *
 * @param kept commands in the run's config
 * @param warn told of a command that is another than before
 */
export function logStart(
  folder: Pick<RunDirectory, "readJsonl" | "appendJsonl">,
  now: ExternalCommands & { readonly startedAt: string },
  kept: Partial<ExternalCommands>,
  warn: (message: string) => void,
): void {
  const before = { ...kept, ...commandsIn(folder.readJsonl("processes.jsonl").at(-1)) };
  for (const name of names) {
    if (before[name] === undefined || before[name] === now[name]) continue;
    warn(`--${name} was ${before[name]}; what that command has done is kept and not done again`);
  }
  folder.appendJsonl("processes.jsonl", now);
}
