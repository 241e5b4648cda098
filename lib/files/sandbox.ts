import { Buffer } from "node:buffer";
import { deserialize } from "node:v8";
import { messageOf, UserError } from "../errors.ts";
import { grantablePath } from "./grantable_path.ts";
import { whenOverdue } from "./processor_watch.ts";
import { SilenceTimer } from "./silence_timer.ts";

/** Memory that reading any file may take beside Deno's own, and how much more for each byte of it. */
const BASE_MEMORY_MIB = 256, MEMORY_FACTOR = 16;

/** Bytes from which on a larger file is given no more memory: readers hold a part at a time. */
const MEMORY_BYTES = 2 ** 28;

/** What the system counts for a Deno of two threads that does nothing: most is never touched. */
const DENO_MIB = 960;

/** Processor seconds that reading any file may take, and for 4 MB more. */
const BASE_CPU_S = 1, CPU_S_PER_BYTE = 1 / 4e6;

/** Processor seconds after which the kernel ends the reader, should this process be gone. */
const KERNEL_FACTOR = 2, KERNEL_CPU_S = 5;

/**
 * Seconds by the clock without a sign of life after which the reader counts as stuck. Processor
 * time ends what hangs; this is for a file system that does not answer.
 */
const SILENCE_S = 600;

/** One message of a reader: the next value, the end, or why there is none. */
export type SandboxMessage =
  | { readonly value: unknown }
  | { readonly done: true }
  | { readonly problem: string };

/**
 * Runs a reader of a foreign file in a process of its own, and yields what it yields. The process
 * may read that file and nothing else (no network, no variables, no writing), and ends when it
 * takes too much time or memory for the file's size: no file can hang or exhaust this process.
 *
 * @param reader module that calls `serveReader`
 * @param request what the reader gets besides the path; what `structuredClone` can copy as JSON
 * @throws {UserError} naming the file: what the reader found wrong, or the limit that was exceeded
 */
export async function* readInSandbox(
  reader: URL,
  path: string,
  request: unknown = null,
): AsyncGenerator<unknown> {
  const { size } = await Deno.stat(path);
  const memoryMib = BASE_MEMORY_MIB +
    Math.ceil(MEMORY_FACTOR * Math.min(size, MEMORY_BYTES) / 2 ** 20);
  const cpuS = Math.round(10 * (BASE_CPU_S + CPU_S_PER_BYTE * size)) / 10;
  using granted = grantablePath(path);
  const child = spawnReader(reader, granted.path, request, memoryMib, cpuS);
  let late = false;
  const end = () => {
    late = true;
    kill(child);
  };
  const watched = whenOverdue(child.stderr, end);
  using silence = new SilenceTimer(SILENCE_S, end);
  try {
    silence.heard();
    for await (const message of frames(child.stdout)) {
      if ("problem" in message) throw new UserError(`${path}: ${message.problem}`);
      if ("done" in message) return;
      silence.stop(); // Whoever takes the values may take their time.
      yield message.value;
      silence.heard();
    }
    await watched;
    const { signal } = await child.status;
    const limit = late || signal === "SIGXCPU"
      ? `reading it takes more than the ${cpuS} s that its ${size} bytes are given`
      : `reading it takes more than the ${memoryMib} MB that its ${size} bytes are given, or ends ` +
        "the reader in another way";
    throw new UserError(`${path}: ${limit}; it is damaged, or made to do harm`);
  } finally {
    kill(child);
    await child.stdout.cancel().catch(() => {});
    await Promise.all([watched, child.status]);
  }
}

function spawnReader(
  reader: URL,
  path: string,
  request: unknown,
  memoryMib: number,
  cpuS: number,
): Deno.ChildProcess {
  const args = [
    ...["run", "--quiet", "--no-prompt", "--cached-only", `--allow-read=${path}`],
    `--v8-flags=--max-old-space-size=${memoryMib}`,
    ...[reader.href, path, JSON.stringify(request), String(cpuS)],
  ];
  const kernelS = Math.ceil(KERNEL_FACTOR * cpuS + KERNEL_CPU_S);
  // The kernel keeps the limits, after the death of this process too. Windows has no such thing;
  // there V8's limit of the heap and the reader's own watch remain.
  const limits = `ulimit -S -t ${kernelS}; ulimit -d ${
    1024 * (memoryMib + DENO_MIB)
  }; exec "$0" "$@"`;
  const [program, all] = Deno.build.os === "windows"
    ? [Deno.execPath(), args]
    : ["sh", ["-c", limits, Deno.execPath(), ...args]];
  try {
    return new Deno.Command(program, {
      args: all,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1" },
    }).spawn();
  } catch (error) {
    throw new UserError(`${path}: the process that reads it cannot start (${messageOf(error)})`);
  }
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended.
  }
}

/** The messages in a stream of frames: 4 bytes of length, little-endian, then V8's serialisation. */
async function* frames(stream: ReadableStream<Uint8Array>): AsyncGenerator<SandboxMessage> {
  let pending: Uint8Array[] = [];
  let have = 0; // bytes in `pending`
  let want = 4;
  let inBody = false;
  for await (const chunk of stream) {
    pending.push(chunk);
    have += chunk.length;
    while (have >= want) {
      const bytes = Buffer.concat(pending);
      pending = [bytes.subarray(want)];
      have -= want;
      const read = want;
      want = inBody ? 4 : bytes.readUInt32LE();
      if (inBody) yield deserialize(bytes.subarray(0, read)) as SandboxMessage;
      inBody = !inBody;
    }
  }
}
