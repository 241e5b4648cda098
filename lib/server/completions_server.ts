/**
 * A client of servers with OpenAI's completions protocol that tell the log-probabilities of a
 * prompt's tokens: vLLM by `prompt_logprobs`, llama-cpp-python by `echo`. llama.cpp's own
 * llama-server ignores or refuses `echo` (ggml-org/llama.cpp#27174): it serves generation alone.
 */
import { UserError } from "../errors.ts";
import type { Response as ModelResponse } from "../policy/generate.ts";
import type { SamplingRule } from "../policy/sampling.ts";
import { AFTER, encodeContinuation } from "../text/encode_continuation.ts";
import type { TextTokenizer } from "../text/tokenizer.ts";
import { askServer, type Json, ServerRefusal } from "./ask_server.ts";
import { echoedLogp } from "./echoed_logp.ts";
import { promptLogp, tokenIdOf } from "./prompt_logps.ts";

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

/** How prompts' log-probabilities are told. */
interface Dialect {
  readonly by: "prompt_logprobs" | "echo";
  /** Whether the server puts a start token before a text, as llama-cpp-python does. */
  readonly addsStart: boolean;
}

/**
 * Rules of sampling that are off. They are said: vLLM takes what is left out from the model's
 * generation_config.json, llama.cpp has top_k 40 and min_p 0.05. -1 is off in every vLLM; 0 is not.
 */
const neutral = {
  ...{ top_k: -1, min_p: 0, presence_penalty: 0, frequency_penalty: 0 },
  ...{ repetition_penalty: 1, repeat_penalty: 1 }, // vLLM's name, llama.cpp's
};

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
      const tokens = await this.#tokensOf(text);
      if (Array.isArray(tokens) && tokens.join() === own.join()) continue;
      const at = Array.isArray(tokens) ? own.findIndex((id, i) => id !== tokens[i]) : 0;
      throw new UserError(
        `${this.url} cuts text into other tokens than --model's tokenizer, from token ` +
          `${at < 0 ? own.length : at} of ${JSON.stringify(text.slice(0, 60))}: its scores would ` +
          "be of something else; give the --model that the server runs",
      );
    }
  }

  /** A text's tokens by the server, without special ones that it adds. */
  async #tokensOf(text: string): Promise<unknown> {
    const { model } = this;
    try {
      // vLLM reads prompt and add_special_tokens, llama.cpp content and add_special.
      return (await this.#ask("/tokenize", {
        ...{ model, prompt: text, add_special_tokens: false },
        ...{ content: text, add_special: false },
      })).tokens;
    } catch (error) {
      if (!(error instanceof ServerRefusal && error.status === 404)) throw error;
      // llama-cpp-python puts the start token first, where the model has one.
      const asked = (input: string) => this.#ask("/extras/tokenize", { model, input });
      const [all, added] = await Promise.all([asked(text), asked("")]);
      const [tokens, start] = [all.tokens, added.tokens];
      if (!Array.isArray(tokens) || !Array.isArray(start)) return tokens;
      return tokens.slice(start.length);
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
    const { by, addsStart } = await (this.#dialect ??= this.#findDialect(ids));
    if (by === "prompt_logprobs") {
      const reply = await this.#completions(this.#scoring(by, ids));
      return promptLogp(reply, ids, promptIds.length, this.url);
    }
    // It reads a start token that is written out, too, and would begin with two.
    const doubled = addsStart && ids[0] === this.#tokenizer.bosTokenId;
    const reply = await this.#completions(this.#scoring(by, doubled ? ids.slice(1) : ids));
    const sent = doubled ? promptIds.subarray(1) : promptIds;
    return echoedLogp(reply, sent, completionIds, this.#tokenizer, this.url);
  }

  /** One response to a prompt. */
  async generate(promptIds: Int32Array, options: ServerGeneration): Promise<ModelResponse> {
    const { temperature, topP, topK, maxNewTokens, seed } = options;
    const choice = await this.#completions({
      prompt: [...promptIds],
      ...{ max_tokens: maxNewTokens, temperature, top_p: topP, seed },
      ...{ ...neutral, ...(topK === 0 ? {} : { top_k: topK }) },
      stop_token_ids: this.#tokenizer.stopTokenIds,
      // vLLM then tells the ids, or writes each token as "token_id:123" (before 0.10.2).
      ...{ return_token_ids: true, logprobs: 1, return_tokens_as_token_ids: true },
    });
    const { finish_reason: reason } = choice;
    if (reason === "abort" || reason === "error") {
      throw new UserError(
        `${this.url} broke off a response (finish_reason "${reason}"), as a server that is ended ` +
          "does: see to it, then run the same command again",
      );
    }
    const finished = reason === "stop";
    const ids = generatedIds(choice) ??
      [...encodeContinuation(this.#tokenizer, AFTER, String(choice.text ?? ""))];
    // A server may keep the stop token to itself.
    if (finished && !this.#tokenizer.stopTokenIds.includes(ids.at(-1) ?? -1)) {
      ids.push(this.#tokenizer.eosTokenId);
    }
    return { ids: Int32Array.from(ids), finished };
  }

  #scoring(by: Dialect["by"], ids: readonly number[]): Json {
    const common = { max_tokens: 1, temperature: 0 };
    return by === "prompt_logprobs" ? { ...common, prompt: ids, prompt_logprobs: 1 } : {
      ...{ ...common, prompt: this.#tokenizer.decode(ids), echo: true, logprobs: 1 },
      ...{ add_special_tokens: false, return_tokens_as_token_ids: true },
    };
  }

  async #findDialect(ids: readonly number[]): Promise<Dialect> {
    const reasons: string[] = [];
    for (const by of ["prompt_logprobs", "echo"] as const) {
      try {
        const { logprobs, prompt_logprobs: told, usage } = await this.#completions(
          this.#scoring(by, ids),
        );
        const { prompt_tokens: read, completion_tokens: made } = Object(usage) as Json;
        const echoed = (Object(logprobs) as Json).token_logprobs;
        // Without an echo only what was generated is told.
        const least = typeof made === "number" ? made + 1 : ids.length;
        if (by === "prompt_logprobs" && Array.isArray(told)) return { by, addsStart: false };
        if (by === "echo" && Array.isArray(echoed) && echoed.length >= least) {
          return { by, addsStart: read === ids.length + 1 };
        }
        reasons.push(`${by}: ignored`);
      } catch (error) {
        const refused = error instanceof ServerRefusal && error.status < 500 &&
          error.status !== 429;
        if (!refused) throw error;
        reasons.push(`${by}: refused${error.said === "" ? "" : `, as "${error.said}"`}`);
      }
    }
    throw new UserError(
      `${this.url} gives no log-probabilities of prompts (${reasons.join("; ")}): use vLLM, or ` +
        "llama-cpp-python with logits_all; llama-server only generates",
    );
  }

  /** The first choice, with the whole answer's `usage`. */
  async #completions(body: Json): Promise<Json> {
    const { choices, usage } = await this.#ask("/v1/completions", { model: this.model, ...body });
    const choice = Array.isArray(choices) ? choices[0] as Json | undefined : undefined;
    if (choice !== undefined && choice !== null) return { ...choice, usage };
    throw new UserError(
      `${this.url}/v1/completions answered without choices: is it a model server?`,
    );
  }

  async #ask(path: string, body?: Json): Promise<Json> {
    return await askServer(new URL(this.url + path), this.#timeoutMs, body);
  }
}

/**
 * Ids of what was generated: vLLM's `token_ids` (from 0.10.2 on) or `token_id:7`, llama.cpp's
 * `content` with ids; else undefined.
 */
function generatedIds({ token_ids: own, logprobs }: Json): number[] | undefined {
  const { tokens, content } = Object(logprobs) as Json;
  const ids = Array.isArray(own)
    ? own
    : Array.isArray(content)
    ? content.map((token) => Object(token).id)
    : Array.isArray(tokens)
    ? tokens.map((token) => tokenIdOf(token) ?? NaN)
    : undefined;
  return ids?.every((id) => Number.isSafeInteger(id)) ? ids : undefined;
}
