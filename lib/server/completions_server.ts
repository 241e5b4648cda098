/**
 * A client of servers with OpenAI's completions protocol that tell the log-probabilities of a
 * prompt's tokens: vLLM by `prompt_logprobs`, llama-cpp-python by `echo`. llama.cpp's own
 * llama-server ignores or refuses `echo` (ggml-org/llama.cpp#27174): it serves generation alone.
 */
import { messageOf, UserError } from "../errors.ts";
import { HubStatusError, withRetries } from "../policy/io/hub_client.ts";
import type { Response as ModelResponse } from "../policy/generate.ts";
import type { SamplingRule } from "../policy/sampling.ts";
import type { TextTokenizer } from "../text/tokenizer.ts";
import { echoedLogp, promptLogp } from "./prompt_logps.ts";

/** How a server is asked. */
export interface ServerOptions {
  /** Name of the model there; undefined: the first that it lists. */
  readonly model?: string | undefined;
  /** Seconds after which a request counts as stalled. Default 120. */
  readonly timeoutSeconds?: number | undefined;
}

/** What to generate. */
export interface ServerGeneration extends SamplingRule {
  readonly maxNewTokens: number;
  readonly seed: number;
}

type Json = Readonly<Record<string, unknown>>;
type Dialect = "prompt_logprobs" | "echo";

/** One server, one of its models, and the tokenizer that both sides must share. */
export class CompletionsServer {
  readonly url: string;
  readonly model: string;
  readonly #tokenizer: TextTokenizer;
  readonly #timeoutMs: number;
  #dialect: Promise<Dialect> | undefined;

  private constructor(
    url: string,
    model: string,
    tokenizer: TextTokenizer,
    options: ServerOptions,
  ) {
    this.url = url;
    this.model = model;
    this.#tokenizer = tokenizer;
    this.#timeoutMs = 1000 * (options.timeoutSeconds ?? 120);
  }

  /**
   * Finds the server and its model.
   *
   * @throws {UserError} where the server cannot be reached or has no such model
   */
  static async open(
    url: string,
    tokenizer: TextTokenizer,
    options: ServerOptions = {},
  ): Promise<CompletionsServer> {
    const base = url.replace(/\/+$/, "").replace(/\/v1$/, "");
    if (!/^https?:\/\/[^/]+/.test(base)) {
      throw new UserError(`"${url}" is no server: give its address, as http://localhost:8000`);
    }
    const server = new CompletionsServer(base, options.model ?? "", tokenizer, options);
    const { data } = await server.#ask("/v1/models");
    const names = Array.isArray(data) ? data.map((model) => String((model as Json)?.id)) : [];
    const model = options.model ?? names[0];
    if (model === undefined || !names.includes(model)) {
      throw new UserError(
        `${base} serves no model ${model ?? ""}: it has ${names.join(", ") || "none"}`,
      );
    }
    return new CompletionsServer(base, model, tokenizer, options);
  }

  /**
   * Compares the server's tokens of some texts with the tokenizer's.
   *
   * @throws {UserError} naming the text that the two cut differently
   */
  async checkTokens(texts: Iterable<string>): Promise<void> {
    for (const text of texts) {
      const own = [...this.#tokenizer.encode(text)];
      // vLLM reads prompt and add_special_tokens, llama.cpp content and add_special.
      const { tokens } = await this.#ask("/tokenize", {
        ...{ model: this.model, prompt: text, add_special_tokens: false },
        ...{ content: text, add_special: false },
      });
      if (Array.isArray(tokens) && tokens.join() === own.join()) continue;
      const at = Array.isArray(tokens) ? own.findIndex((id, i) => id !== tokens[i]) : 0;
      throw new UserError(
        `${this.url} cuts text into other tokens than --model's tokenizer, from token ` +
          `${at < 0 ? own.length : at} of ${JSON.stringify(text.slice(0, 60))}: its scores would ` +
          "be of something else; give the --model that the server runs",
      );
    }
  }

  /**
   * The summed log-probability of a completion's tokens after a prompt, nats.
   *
   * @throws {UserError} where the server gives up, gives no log-probabilities of prompts, or other
   * tokens than it was sent
   */
  async logp(promptIds: Int32Array, completionIds: Int32Array): Promise<number> {
    const ids = [...promptIds, ...completionIds];
    const dialect = await (this.#dialect ??= this.#findDialect(ids));
    const reply = await this.#completions(this.#scoring(dialect, ids));
    return dialect === "prompt_logprobs"
      ? promptLogp(reply, ids, promptIds.length, this.url)
      : echoedLogp(reply, promptIds, completionIds, this.#tokenizer, this.url);
  }

  /** One response to a prompt. */
  async generate(promptIds: Int32Array, options: ServerGeneration): Promise<ModelResponse> {
    const { temperature, topP, topK, maxNewTokens, seed } = options;
    const choice = await this.#completions({
      prompt: [...promptIds],
      ...{ max_tokens: maxNewTokens, temperature, top_p: topP, seed },
      ...(topK === 0 ? {} : { top_k: topK }),
      stop_token_ids: this.#tokenizer.stopTokenIds,
      // vLLM then writes each token as "token_id:123".
      ...{ logprobs: 1, return_tokens_as_token_ids: true },
    });
    const finished = choice.finish_reason === "stop";
    const ids = generatedIds(choice) ?? [...this.#tokenizer.encode(String(choice.text ?? ""))];
    // A server may keep the stop token to itself.
    if (finished && !this.#tokenizer.stopTokenIds.includes(ids.at(-1) ?? -1)) {
      ids.push(this.#tokenizer.eosTokenId);
    }
    return { ids: Int32Array.from(ids), finished };
  }

  #scoring(dialect: Dialect, ids: readonly number[]): Json {
    const common = { max_tokens: 1, temperature: 0 };
    return dialect === "prompt_logprobs"
      ? { ...common, prompt: ids, prompt_logprobs: 1 }
      : { ...common, prompt: this.#tokenizer.decode(ids), echo: true, logprobs: 1 };
  }

  async #findDialect(ids: readonly number[]): Promise<Dialect> {
    const reasons: string[] = [];
    for (const dialect of ["prompt_logprobs", "echo"] as const) {
      try {
        const choice = await this.#completions(this.#scoring(dialect, ids));
        const echoed = (choice.logprobs as Json | null | undefined)?.token_logprobs;
        if (dialect === "prompt_logprobs" && Array.isArray(choice.prompt_logprobs)) return dialect;
        if (dialect === "echo" && Array.isArray(echoed) && echoed.length >= ids.length) {
          return dialect;
        }
        reasons.push(`${dialect}: ignored`);
      } catch (error) {
        if (!(error instanceof UserError) || !/ answered 4(?!29)/.test(error.message)) throw error;
        reasons.push(`${dialect}: refused`);
      }
    }
    throw new UserError(
      `${this.url} gives no log-probabilities of prompts (${reasons.join("; ")}): use vLLM, or ` +
        "llama-cpp-python with logits_all; llama-server only generates",
    );
  }

  async #completions(body: Json): Promise<Json> {
    const { choices } = await this.#ask("/v1/completions", { model: this.model, ...body });
    const choice = Array.isArray(choices) ? choices[0] as Json | undefined : undefined;
    if (choice !== undefined && choice !== null) return choice;
    throw new UserError(
      `${this.url}/v1/completions answered without choices: is it a model server?`,
    );
  }

  /** GET without a body, else POST; tried again while that may help. */
  async #ask(path: string, body?: Json): Promise<Json> {
    const url = new URL(this.url + path);
    const key = Deno.env.get("SERA_SERVER_KEY");
    const transient = (error: unknown) => !(error instanceof HubStatusError) || error.isTransient;
    try {
      // The second attempt follows after a hundredth of the patience, about a second.
      return await withRetries({ retryMs: this.#timeoutMs / 100 }, transient, async () => {
        const response = await fetch(url, {
          ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
          headers: {
            "content-type": "application/json",
            ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          },
          signal: AbortSignal.timeout(this.#timeoutMs),
        });
        if (response.ok) return await response.json() as Json;
        await response.body?.cancel();
        throw new HubStatusError(
          response.status,
          url,
          Number(response.headers.get("retry-after")) || 0,
        );
      });
    } catch (error) {
      const what = error instanceof HubStatusError
        ? `answered ${error.status}${error.isTransient ? " again and again" : ""}`
        : error instanceof DOMException && error.name === "TimeoutError"
        ? `gave no answer within ${this.#timeoutMs / 1000} s, again and again`
        : `cannot be asked: ${messageOf(error)}`;
      throw new UserError(
        `${url} ${what}; what was done is kept: see to the server, then run the same command again`,
      );
    }
  }
}

/** Ids of what was generated: vLLM's `token_id:7`, llama.cpp's `content` with ids; else undefined. */
function generatedIds({ logprobs }: Json): number[] | undefined {
  const { tokens, content } = Object(logprobs) as Json;
  const ids = Array.isArray(content)
    ? content.map((token) => Object(token).id)
    : Array.isArray(tokens)
    ? tokens.map((token) => Number(/^token_id:(\d+)$/.exec(`${token}`)?.[1] ?? NaN))
    : undefined;
  return ids?.every((id) => Number.isSafeInteger(id)) ? ids : undefined;
}
