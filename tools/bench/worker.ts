/** A long-lived process that measures when told to, so that start-up is in no number. */
import { projectRoot } from "../../lib/engine/layout.ts";
import { UserError } from "../../lib/errors.ts";
import type { Answers, Command } from "./protocol.ts";

/** Lines of a worker's answers start with this; libraries may print others. */
export const ANSWER = "@answer ";

/** One side of the benchmark. */
export class Worker {
  readonly name: string;
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncIterator<string>;
  readonly #stderr: Promise<string>;

  private constructor(name: string, child: Deno.ChildProcess) {
    this.name = name;
    this.#child = child;
    this.#writer = child.stdin.getWriter();
    this.#lines = lines(child.stdout);
    this.#stderr = new Response(child.stderr).text();
  }

  /** Ours, or PyTorch's with the given Python. `threads` are those of one operation. */
  static start(side: "ours" | "pytorch", python: string, threads: number): Worker {
    const [command, args] = side === "ours"
      ? [Deno.execPath(), ["run", "-A", "--quiet", `${projectRoot}tools/bench/ours/main.ts`]]
      : [python, [`${projectRoot}tools/bench/pytorch.py`]];
    const child = new Deno.Command(command, {
      args,
      cwd: projectRoot,
      env: {
        SERA_THREADS: String(threads),
        OMP_NUM_THREADS: String(threads),
        HF_HUB_OFFLINE: "1",
        PYTHONWARNINGS: "ignore",
        PYTHONDONTWRITEBYTECODE: "1",
        TOKENIZERS_PARALLELISM: "false",
      },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    return new Worker(side, child);
  }

  /** Sends a command and waits for its answer. @throws UserError with what the worker printed. */
  async ask<C extends Command>(command: C): Promise<Answers[C["do"]]> {
    try {
      await this.#writer.write(new TextEncoder().encode(JSON.stringify(command) + "\n"));
      for (;;) {
        const { value, done } = await this.#lines.next();
        if (done) break;
        if (value.startsWith(ANSWER)) return JSON.parse(value.slice(ANSWER.length));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe || error instanceof TypeError)) throw error;
    }
    const printed = (await this.#stderr).trim().split("\n").slice(-30).join("\n");
    throw new UserError(`the ${this.name} worker ended at "${command.do}":\n${printed}`);
  }

  /** Ends the process. */
  async stop(): Promise<void> {
    await this.#writer.close().catch(() => {});
    await this.#child.status;
  }
}

async function* lines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  return undefined;
}
