import process from "node:process";
import { createContext, Script } from "node:vm";
import { UserError } from "../errors.ts";

const context = createContext({});
const script = new Script("action()");

/**
 * Times that an action must have used its processor time up before it counts as endless: once, a
 * collection of garbage or a compilation may have fallen into it.
 */
const EXCEEDED = 2;

/** How much longer the next try may be than it seems to need, and than the last one. */
const SLACK = 1.1, LARGEST_STEP = 10;

/**
 * Runs synchronous code that foreign data steer (a pattern, a template), and stops it where it
 * takes too much of the processor: V8 ends even a regular expression that backtracks for ever.
 *
 * V8 stops by the clock, which on a busy machine says little. So an action that was stopped before
 * it had its processor time is tried again with more of the clock's.
 *
 * @param seconds processor seconds of this thread; an endless action takes twice as many
 * @param what names the data in the error
 * @param action may be called several times, so it must leave nothing behind
 * @throws {UserError} after so many seconds; what `action` throws otherwise
 */
export function withTimeLimit<T>(seconds: number, what: string, action: () => T): T {
  const outer = context.action;
  context.action = action;
  try {
    let exceeded = 0;
    for (let wall = seconds;;) {
      const before = threadSeconds();
      try {
        return script.runInContext(context, { timeout: Math.ceil(1000 * wall) }) as T;
      } catch (error) {
        // An error of the script's own realm: no `instanceof` knows it.
        const { code } = (error ?? {}) as { code?: unknown };
        if (code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
      }
      const used = threadSeconds() - before;
      if (used > 0.9 * seconds && ++exceeded === EXCEEDED) {
        throw new UserError(
          `${what} takes more than ${seconds} s; it is damaged, or made to do harm`,
        );
      }
      const step = Math.min(LARGEST_STEP, SLACK * seconds / used);
      wall = Math.max(seconds, step * wall);
    }
  } finally {
    context.action = outer;
  }
}

function threadSeconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e6;
}
