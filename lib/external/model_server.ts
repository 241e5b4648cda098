import { messageOf, UserError } from "../errors.ts";
import { ProcessGroup } from "../processes/process_group.ts";
import { quoteWord } from "../quote_word.ts";
import { serverKeyHeader } from "../server/ask_server.ts";
import { CompletionsServer, type ServerOptions } from "../server/completions_server.ts";
import type { TextTokenizer } from "../text/tokenizer.ts";

/** How a server is started. */
export interface ServeOptions extends ServerOptions {
  /** For messages: `the server of checkpoint 1`. */
  readonly name: string;
  /** A shell command in which {checkpoint} and {port} stand for a model's folder and a free port. */
  readonly command: string;
  /** Where its output goes. */
  readonly log: string;
  /** Seconds until it must answer. */
  readonly startSeconds: number;
  /** Milliseconds that it gets to end by itself. Default 30,000. */
  readonly graceMs?: number;
}

/** A server that was started for one checkpoint; ends with the block that uses it, workers included. */
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
  { command, name, log, startSeconds, graceMs, ...options }: ServeOptions,
): Promise<RunningServer> {
  if (!command.includes("{checkpoint}") || !command.includes("{port}")) {
    throw new UserError(
      "--serve must say {checkpoint} and {port}, as vllm serve {checkpoint} --port {port}",
    );
  }
  const port = freePort();
  const filled = command.replaceAll("{checkpoint}", quoteWord(checkpoint))
    .replaceAll("{port}", `${port}`);
  const grace = graceMs === undefined ? {} : { graceMs };
  const group = await ProcessGroup.start(filled, { name, log, ...grace });
  try {
    const url = `http://127.0.0.1:${port}`;
    await answering(url, group, { name, log, startSeconds });
    const server = await CompletionsServer.open(url, tokenizer, options).catch((error) => {
      throw new UserError(`${messageOf(error)} (its log: ${log})`);
    });
    return { server, [Symbol.asyncDispose]: () => group.end() };
  } catch (error) {
    await group.end();
    throw error;
  }
}

/** Waits until a server answers. */
async function answering(
  url: string,
  group: ProcessGroup,
  { name, log, startSeconds }: Pick<ServeOptions, "name" | "log" | "startSeconds">,
): Promise<void> {
  const deadline = performance.now() + 1000 * startSeconds;
  for (;;) {
    const status = await fetch(`${url}/v1/models`, {
      headers: serverKeyHeader(),
      signal: AbortSignal.timeout(5000),
    }).then(async (response) => (await response.body?.cancel(), response.status), () => 0);
    // One that refuses the key answers, too: whoever asks it next says so.
    if ((status >= 200 && status < 300) || status === 401 || status === 403) return;
    if (group.ended) throw new UserError(`${name} ended at once: see ${log}`);
    if (performance.now() > deadline) {
      throw new UserError(`${name} did not answer within ${startSeconds} s: see ${log}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
