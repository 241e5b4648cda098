import { serialize } from "node:v8";
import { foreignMessage } from "./foreign_error.ts";
import { ProcessorWatch } from "./processor_watch.ts";
import type { SandboxMessage } from "./sandbox.ts";

/**
 * The other end of `readInSandbox`: runs a reader on the file and the request that this process was
 * started with, and sends what it yields. An error's message becomes the problem with the file.
 */
export async function serveReader<Request>(
  read: (path: string, request: Request) => AsyncIterable<unknown>,
): Promise<void> {
  const [path = "", request = "null", seconds = "Infinity"] = Deno.args;
  // From now on: the start of Deno, which takes long on a slow machine, is not the file's fault.
  new ProcessorWatch().begin(Number(seconds));
  try {
    for await (const value of read(path, JSON.parse(request) as Request)) send({ value });
    send({ done: true });
  } catch (error) {
    send({ problem: foreignMessage(error) });
  }
  Deno.exit(0);
}

function send(message: SandboxMessage): void {
  const body = serialize(message);
  const frame = new Uint8Array(4 + body.length);
  new DataView(frame.buffer).setUint32(0, body.length, true);
  frame.set(body, 4);
  for (let offset = 0; offset < frame.length;) {
    offset += Deno.stdout.writeSync(frame.subarray(offset));
  }
}
