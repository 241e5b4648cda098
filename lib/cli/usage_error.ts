import { UserError } from "../errors.ts";

/** A command line that makes no sense: unknown option, value out of range. Exit code 2. */
export class UsageError extends UserError {}
