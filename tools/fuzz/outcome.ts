import { messageOf, UserError } from "../../lib/errors.ts";
import { foreignMessage } from "../../lib/files/foreign_error.ts";

/** How reading one changed file ended; all but the first three are faults. */
export type Outcome =
  | "accepted"
  | "refused"
  /** A limit on time or memory ended it. */
  | "stopped"
  | "untyped"
  | "raw message"
  | "non-finite"
  | "hang"
  | "memory"
  | "crash";

/** The outcomes that are faults of a reader. */
export const FAULTS: readonly Outcome[] = [
  ...["untyped", "raw message", "non-finite", "hang", "memory", "crash"] as const,
];

/** An error of a reader proper, whose message becomes that of a `UserError` outside the sandbox. */
export class UnreadableFile extends UserError {
  constructor(cause: unknown) {
    super(foreignMessage(cause));
  }
}

/** JavaScript's own complaints, of which a reader of our messages can make nothing. */
const RAW =
  /undefined|is not a function\)?$|is not iterable|Cannot (read|convert)|call stack|\[object/;

/** The messages of `withTimeLimit` and of the sandbox. */
const LIMIT = /takes more than (the )?[\d.]+ (s|MB)\b/;

/** What an error means, and its message. */
export function judge(error: unknown): { outcome: Outcome; message: string } {
  const message = messageOf(error);
  if (!(error instanceof UserError)) {
    return { outcome: "untyped", message: error instanceof Error ? `${error.stack}` : message };
  }
  const isRaw = RAW.test(message) || error.message.includes("\n");
  return { outcome: isRaw ? "raw message" : LIMIT.test(message) ? "stopped" : "refused", message };
}
