import { UsageError } from "../../../lib/cli/usage_error.ts";
import { refuseInProcess } from "../../../lib/external/refuse_in_process.ts";
import { seraOptionsOf } from "./configure.ts";
import type { AlignOptions } from "./options.ts";

/**
 * Refuses, before anything is read or started, what cannot be done with the model elsewhere.
 *
 * @returns the commands of trainer and server; undefined where the model is in this process
 * @throws {UserError} naming it
 */
export function commandsElsewhere(options: AlignOptions): ExternalCommands | undefined {
  const { trainer, serve } = options;
  if (trainer === undefined) return undefined;
  if (serve === undefined) throw new UsageError("--trainer needs --serve: the server's command");
  refuseInProcess(seraOptionsOf(options));
  return { trainer, serve };
}

/** Shell commands. */
export interface ExternalCommands {
  readonly trainer: string;
  readonly serve: string;
}
