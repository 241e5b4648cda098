import { createContext, Script } from "node:vm";
import { UserError } from "../errors.ts";

const context = createContext({});
const script = new Script("action()");

/**
 * Runs synchronous code that foreign data steer (a pattern, a template), and stops it where it
 * takes too long: V8 ends even a regular expression that backtracks for ever.
 *
 * @param what names the data in the error
 * @throws {UserError} after so many seconds; what `action` throws otherwise
 */
export function withTimeLimit<T>(seconds: number, what: string, action: () => T): T {
  const outer = context.action;
  context.action = action;
  try {
    return script.runInContext(context, { timeout: Math.ceil(1000 * seconds) }) as T;
  } catch (error) {
    // An error of the script's own realm: no `instanceof` knows it.
    const { code } = (error ?? {}) as { code?: unknown };
    if (code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
    throw new UserError(`${what} takes more than ${seconds} s; it is damaged, or made to do harm`);
  } finally {
    context.action = outer;
  }
}
