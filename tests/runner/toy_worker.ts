/** A worker for tests: obeys simple orders. */
import { serveTasks } from "../../lib/runner/worker_protocol.ts";

interface Order {
  readonly value: number;
  /** The path of a file: dies if it is not there, and makes it. */
  readonly crashOnce?: string;
  readonly throwAlways?: boolean;
  /** Says so before it begins. */
  readonly places?: readonly string[];
  readonly sleepMs?: number;
  /** Computes so long without a look at anything else. */
  readonly spinMs?: number;
  /** Takes memory until there is none. */
  readonly hoard?: boolean;
}

await serveTasks(async (order: Order, report) => {
  console.log("a library's chatter on stdout");
  order.places?.forEach(report);
  if (order.sleepMs) await new Promise((resolve) => setTimeout(resolve, order.sleepMs));
  for (const end = performance.now() + (order.spinMs ?? 0); performance.now() < end;);
  for (const hoard: number[][] = []; order.hoard;) {
    hoard.push(Array.from({ length: 1e5 }, () => 1.5));
  }
  if (order.throwAlways) throw new Error("told to fail");
  if (order.crashOnce) {
    try {
      Deno.writeTextFileSync(order.crashOnce, "", { createNew: true });
      console.error("dying as told");
      Deno.exit(7);
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
  return { square: order.value ** 2, pid: Deno.pid };
});
