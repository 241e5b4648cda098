import { existsSync } from "node:fs";
import type { OptionValues } from "../../lib/cli/option.ts";
import { writeJsonl } from "../../lib/data/write_jsonl.ts";
import { removeIfThere } from "../../lib/files/durable_file.ts";
import { lockOutput } from "../../lib/files/output_lock.ts";
import type { PromptGroup } from "../../lib/policy/packing.ts";
import type { ProgressSink } from "../../lib/progress/progress_sink.ts";
import { CompletionsServer } from "../../lib/server/completions_server.ts";
import { scoreByServer, type ServerWork } from "../../lib/server/server_scorer.ts";
import type { TextTokenizer } from "../../lib/text/tokenizer.ts";
import type { serverOptions } from "./server_options.ts";

/** Texts of the input that are compared with the server's own tokenisation, spread over the file. */
const CHECKED_TEXTS = 64;

/**
 * A command's work at an inference server. Every answer is kept in `<out>.answers.jsonl` until the
 * output is written: after a failure the same command goes on. Until it is disposed, no other process
 * writes the same output.
 */
export class ServerRun implements Disposable {
  /** Where answers are kept, and how many requests are under way at once. */
  readonly work: ServerWork;
  readonly #url: string;
  readonly #out: string;
  readonly #tokenizer: TextTokenizer;
  readonly #timeoutSeconds: number;
  readonly #progress: ProgressSink;
  readonly #lock: Disposable;

  /** @throws {UserError} naming the process that writes the output */
  constructor(
    url: string,
    { out, concurrency, timeout }:
      & Pick<OptionValues<typeof serverOptions>, "concurrency" | "timeout">
      & { readonly out: string },
    tokenizer: TextTokenizer,
    progress: ProgressSink,
  ) {
    this.#lock = lockOutput(out);
    this.#url = url;
    this.#out = out;
    this.#tokenizer = tokenizer;
    this.#timeoutSeconds = timeout;
    this.#progress = progress;
    this.work = { journal: `${out}.answers.jsonl`, concurrency };
    if (existsSync(this.work.journal)) {
      // Only address and name tell one model from another: a server does not say what it loaded.
      progress.message(
        `going on from the answers in ${this.work.journal}: if ${url} serves other weights under ` +
          "the same name now, stop and remove that file",
      );
    }
  }

  /**
   * A model of the server; some of the texts are compared with its tokenisation.
   *
   * @param model its name there; undefined: the first
   * @throws {UserError} where it is not there or cuts text into other tokens
   */
  async open(model: string | undefined, texts: readonly string[]): Promise<CompletionsServer> {
    const options = { model, timeoutSeconds: this.#timeoutSeconds };
    const server = await CompletionsServer.open(this.#url, this.#tokenizer, options);
    const step = Math.ceil(texts.length / CHECKED_TEXTS);
    await server.checkTokens(texts.filter((_, i) => i % step === 0));
    return server;
  }

  /** Log-probabilities of each group's completions under a model, nats. */
  async score(
    server: CompletionsServer,
    groups: readonly PromptGroup[],
    phase: string,
    unit: string,
  ): Promise<Float64Array[]> {
    return await this.follow(
      phase,
      groups.length,
      unit,
      (onDone) => scoreByServer(server, groups, this.work, onDone),
    );
  }

  /** Does work as a phase of the progress; `onDone` is to be called after each unit. */
  async follow<T>(
    phase: string,
    total: number,
    unit: string,
    work: (onDone: () => void) => Promise<T>,
  ): Promise<T> {
    this.#progress.phase(phase, total, { unit });
    const result = await work(() => this.#progress.advance(1));
    this.#progress.done();
    return result;
  }

  /** Writes the output; the kept answers are then of no use. */
  write(rows: readonly object[]): void {
    writeJsonl(this.#out, rows);
    removeIfThere(this.work.journal);
  }

  [Symbol.dispose](): void {
    this.#lock[Symbol.dispose]();
  }
}
