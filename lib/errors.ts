import { plainText } from "./plain_text.ts";

/**
 * An error caused by what the user gave us: a file, an option, a model.
 *
 * The message is one line: what was wrong, where (file, line, tensor, value) and what to do.
 * Commands print it without a stack trace and exit with code 1.
 */
export class UserError extends Error {
  /** "UserError". */
  override readonly name = "UserError";

  /** Names in it may come from data: they break no line and steer no terminal. */
  constructor(message: string) {
    super(plainText(oneLine(message)));
  }
}

/** The text of anything thrown, on one line. */
export function messageOf(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : String(error));
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ");
}
