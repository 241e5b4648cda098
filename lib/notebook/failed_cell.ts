/** What later cells rest on, and whether its last call failed. */
import { messageOf, UserError } from "../errors.ts";

const failures = new Map<string, string>();

/**
 * Does work that later cells rest on. The kernel runs the cells after one that failed, with what an
 * earlier run has left: until `name` succeeds again, displays refuse instead of showing that.
 */
export function restedOn<Result>(name: string, work: () => Result): Result {
  try {
    const result = work();
    failures.delete(name);
    return result;
  } catch (error) {
    failures.set(name, messageOf(error));
    throw error;
  }
}

/**
 * Refuses to show results of an older run.
 *
 * @throws {UserError} with the reason of the first failure that stands
 */
export function requireNoFailure(): void {
  const first = [...failures.entries()][0];
  if (first === undefined) return;
  throw new UserError(`${first[0]} failed (${first[1]}); run its cell again, then this one`);
}
