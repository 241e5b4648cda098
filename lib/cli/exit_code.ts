import { messageOf, UserError } from "../errors.ts";
import { plainLines, plainText } from "../plain_text.ts";
import { HelpRequest } from "./command.ts";
import { UsageError } from "./usage_error.ts";

/** How a command ended: what to print, where, and its exit code. */
export interface CommandOutcome {
  readonly exitCode: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

/**
 * What an error means for the person at the terminal. Exit codes: 1 the input or the machine is at
 * fault, 2 the command line, 70 this program (sysexits.h: EX_SOFTWARE), 141 a closed pipe.
 */
export function outcomeOf(error: unknown): CommandOutcome {
  if (error instanceof HelpRequest) return { exitCode: 0, stdout: error.message };
  if (error instanceof Deno.errors.BrokenPipe) return { exitCode: 141 };
  const known = explain(error);
  if (known !== undefined) {
    const exitCode = error instanceof UsageError ? 2 : 1;
    return { exitCode, stderr: `error: ${plainText(known)}\n` };
  }
  const detail = error instanceof Error ? Deno.inspect(error, { colors: false }) : messageOf(error);
  return {
    exitCode: 70,
    stderr: `unexpected error, a fault of this program:\n${plainLines(detail)}\n`,
  };
}

/** The one-line message of an error that the user can act on. */
function explain(error: unknown): string | undefined {
  if (error instanceof UserError) return messageOf(error);
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = "code" in cause ? cause.code : undefined;
    if (code === "ENOSPC" || code === "EDQUOT" || /No space left on device/.test(cause.message)) {
      return `the disk is full (${
        messageOf(cause)
      }): free some space, then run the same command again`;
    }
  }
  const folderErrors = [
    ...[Deno.errors.PermissionDenied, Deno.errors.NotADirectory, Deno.errors.IsADirectory],
    ...[Deno.errors.NotFound, Deno.errors.FilesystemLoop, Deno.errors.NotCapable],
  ];
  if (
    folderErrors.some((kind) => error instanceof kind) ||
    (error instanceof Error && "code" in error && error.code === "EROFS")
  ) {
    return `${messageOf(error)}: check the path and its rights`;
  }
  return undefined;
}
