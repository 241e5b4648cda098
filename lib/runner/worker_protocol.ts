/** What the parent sends to a worker, one JSON line a task. */
export interface TaskRequest<Payload> {
  readonly id: string;
  readonly payload: Payload;
}

/** What a worker answers, one JSON line a task, in order. */
export type TaskReply<Result> =
  | { readonly id: string; readonly result: Result }
  | { readonly id: string; readonly error: string };

/** Marks the lines of stdout that are replies; whatever else a library prints there is dropped. */
export const REPLY_PREFIX = "@reply ";

/**
 * The loop of a worker process: reads tasks from stdin, answers on stdout, one after another.
 *
 * Ends the process within about a second after stdin closes, in the middle of a computation too: a
 * parent killed with `kill -9` leaves no worker behind. A thread of its own reads stdin
 * (`task_reader.ts`), since tensor work blocks this one.
 */
export async function serveTasks<Payload, Result>(
  handle: (payload: Payload) => Promise<Result>,
): Promise<never> {
  const requests: TaskRequest<Payload>[] = [];
  let wake = () => {};
  const reader = new Worker(new URL("./task_reader.ts", import.meta.url), { type: "module" });
  reader.onmessage = ({ data: line }: MessageEvent<string | null>) => {
    if (line === null) Deno.exit(0);
    requests.push(JSON.parse(line));
    wake();
  };
  while (true) {
    const request = requests.shift();
    if (request === undefined) {
      await new Promise<void>((resolve) => wake = resolve);
      continue;
    }
    let reply: TaskReply<Result>;
    try {
      reply = { id: request.id, result: await handle(request.payload) };
    } catch (error) {
      reply = { id: request.id, error: error instanceof Error ? error.message : String(error) };
    }
    writeAll(new TextEncoder().encode(`${REPLY_PREFIX}${JSON.stringify(reply)}\n`));
  }
}

/** The reply in a worker's line; undefined for any other line. */
export function parseReply<Result>(line: string): TaskReply<Result> | undefined {
  return line.startsWith(REPLY_PREFIX) ? JSON.parse(line.slice(REPLY_PREFIX.length)) : undefined;
}

function writeAll(bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length;) {
    offset += Deno.stdout.writeSync(bytes.subarray(offset));
  }
}
