import { messageOf, UserError } from "../errors.ts";
import { CompletionsServer, type ServerOptions } from "../server/completions_server.ts";
import type { TextTokenizer } from "../text/tokenizer.ts";

/** How a server is started. */
export interface ServeOptions extends ServerOptions {
  /** A shell command in which {checkpoint} and {port} stand for a model's folder and a free port. */
  readonly command: string;
  /** Where its output goes. */
  readonly log: string;
  /** Seconds until it must answer. */
  readonly startSeconds: number;
}

/** A server that was started for one checkpoint; ends with the block that uses it. */
export interface RunningServer extends AsyncDisposable {
  readonly server: CompletionsServer;
}

/**
 * Starts a server for a checkpoint and waits until it answers.
 *
 * @throws {UserError} naming its log, where it ends or stays silent
 */
export async function startServer(
  checkpoint: string,
  tokenizer: TextTokenizer,
  { command, log, startSeconds, ...options }: ServeOptions,
): Promise<RunningServer> {
  if (!command.includes("{checkpoint}") || !command.includes("{port}")) {
    throw new UserError(
      "--serve must say {checkpoint} and {port}, as vllm serve {checkpoint} --port {port}",
    );
  }
  const port = freePort();
  const filled = command.replaceAll("{checkpoint}", quote(checkpoint))
    .replaceAll("{port}", `${port}`);
  // A session of its own, so that its workers end with it.
  const child = new Deno.Command("setsid", {
    args: ["sh", "-c", `exec >> ${quote(log)} 2>&1; ${filled}`],
    stdin: "null",
  }).spawn();
  let ended = false;
  const end = child.status.then(() => ended = true);
  const stop = async () => {
    if (!ended) {
      try {
        Deno.kill(-child.pid, "SIGTERM");
      } catch {
        // It ended by itself.
      }
    }
    await end;
  };
  const url = `http://127.0.0.1:${port}`;
  const deadline = performance.now() + 1000 * startSeconds;
  for (;;) {
    const answers = await fetch(`${url}/v1/models`, { signal: AbortSignal.timeout(5000) })
      .then(async (response) => (await response.body?.cancel(), response.ok), () => false);
    if (answers) break;
    if (ended) throw new UserError(`the server for ${checkpoint} ended at once: see ${log}`);
    if (performance.now() > deadline) {
      await stop();
      throw new UserError(
        `the server for ${checkpoint} did not answer within ${startSeconds} s: see ${log}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  try {
    const server = await CompletionsServer.open(url, tokenizer, options);
    return { server, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw new UserError(`${messageOf(error)} (its log: ${log})`);
  }
}

/** Text as one word of a shell command. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
