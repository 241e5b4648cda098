import { ignoreHangup } from "../processes/hangup.ts";

/** What the parent sends to a worker, one JSON line a task. */
export interface TaskRequest<Payload> {
  readonly id: string;
  readonly payload: Payload;
}

/** What a worker answers, one JSON line a task, in order. */
export type TaskReply<Result> =
  | { readonly id: string; readonly result: Result }
  | { readonly id: string; readonly error: string };

/** What a worker tells of a task while it is at it. */
export interface TaskNews {
  /** Where it is, in words. */
  readonly place: string;
}

/** A line that a worker writes: news of a task or, last, the reply to it. */
export type WorkerLine<Result> = TaskNews | TaskReply<Result>;

/** Marks a worker's lines on stdout; whatever else a library prints there is dropped. */
const PREFIX = "@worker ";

/**
 * The loop of a worker process: reads tasks from stdin, answers on stdout, one after another.
 *
 * Ends the process within about a second after stdin closes, in the middle of a computation too: a
 * parent killed with `kill -9` leaves no worker behind. A thread of its own reads stdin
 * (`task_reader.ts`), since tensor work blocks this one. A closing terminal (SIGHUP) is the parent's
 * to obey or, under nohup, to ignore.
 */
export async function serveTasks<Payload, Result>(
  handle: (payload: Payload, report: (place: string) => void) => Promise<Result>,
): Promise<never> {
  ignoreHangup();
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
    const { id, payload } = request;
    let reply: TaskReply<Result>;
    try {
      reply = { id, result: await handle(payload, (place) => writeLine<Result>({ place })) };
    } catch (error) {
      reply = { id, error: error instanceof Error ? error.message : String(error) };
    }
    writeLine(reply);
  }
}

/** What a worker wrote; undefined for a line that is not its own. */
export function parseWorkerLine<Result>(line: string): WorkerLine<Result> | undefined {
  return line.startsWith(PREFIX) ? JSON.parse(line.slice(PREFIX.length)) : undefined;
}

function writeLine<Result>(line: WorkerLine<Result>): void {
  writeAll(new TextEncoder().encode(`${PREFIX}${JSON.stringify(line)}\n`));
}

function writeAll(bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length;) {
    offset += Deno.stdout.writeSync(bytes.subarray(offset));
  }
}
