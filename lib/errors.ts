/**
 * An error caused by what the user gave us: a file, an option, a model.
 *
 * The message is one line: what was wrong, where (file, line, tensor, value) and what to do.
 * Commands print it without a stack trace and exit with code 1.
 */
export class UserError extends Error {
  /** "UserError". */
  override readonly name = "UserError";
}

/** The text of anything thrown, on one line. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, " ");
}
