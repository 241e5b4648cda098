/** Has a worker do one order, and prints the worker's process id once it is at it. Argument: the order. */
import { WorkerProcess } from "../../lib/runner/worker_process.ts";

const module = new URL("./toy_worker.ts", import.meta.url).href;
const worker = new WorkerProcess<unknown, unknown>({ module, env: {} });
await worker.run("first", { value: 1 });
worker.run("second", { value: 1, ...JSON.parse(Deno.args[0] as string) });
await new Promise((resolve) => setTimeout(resolve, 100)); // it has the order
console.log(worker.pid);
