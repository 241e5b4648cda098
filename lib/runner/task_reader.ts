/**
 * A worker process's second thread: passes on the lines of stdin and hears its end, which is the
 * parent's close or death, whatever the main thread computes meanwhile.
 */
import { linesOf } from "./lines_of.ts";

/** Milliseconds that the main thread has to end the process by itself. */
const GRACE = 1000;

for await (const line of linesOf(Deno.stdin.readable)) postMessage(line);
postMessage(null);
setTimeout(() => Deno.kill(Deno.pid, "SIGKILL"), GRACE);
