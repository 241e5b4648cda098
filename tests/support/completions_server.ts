import type { LanguageModel } from "../../lib/policy/language_model.ts";
import { generate } from "../../lib/policy/generate.ts";
import { loadPolicy } from "../../lib/policy/load_policy.ts";
import { sequenceLogps } from "../../lib/policy/sequence_logps.ts";
import type { TextTokenizer } from "../../lib/text/tokenizer.ts";
import { llamaCppEcho } from "./llama_cpp_shapes.ts";
import { TINY_TOKENS } from "./tiny_model.ts";
import { vllmCompletion, vllmError, vllmLogprobs, vllmPromptLogprobs } from "./vllm_shapes.ts";

/**
 * How a server tells prompt log-probabilities: as vLLM, as a vLLM that has no `prompt_logprobs`
 * (behind a proxy), as llama-cpp-python (`echo`), or not at all as llama.cpp's own server, which
 * tells the ids of what it generates.
 */
export type Dialect = "vllm" | "vllm-echo" | "echo" | "none" | "llama.cpp";

/** A request, for tests that count or disturb. */
export interface SeenRequest {
  readonly path: string;
  // deno-lint-ignore no-explicit-any -- whatever was sent
  readonly body: any;
  /** From 1. */
  readonly count: number;
}

/** Options of `serveModels`. */
export interface ServeOptions {
  readonly dialect?: Dialect;
  readonly port?: number;
  /** An answer instead of the model's, or undefined. */
  readonly disturb?: (request: SeenRequest) => Response | Promise<Response | undefined> | undefined;
}

/** A local server with OpenAI's completions protocol, on models of this suite. */
export interface CompletionsStandIn extends AsyncDisposable {
  readonly url: string;
  readonly requests: SeenRequest[];
}

/** Serves model folders under names. One request is computed at a time. */
export async function serveModels(
  folders: Readonly<Record<string, string>>,
  { dialect = "vllm", port = 0, disturb }: ServeOptions = {},
): Promise<CompletionsStandIn> {
  const models = new Map<string, { model: LanguageModel; tokenizer: TextTokenizer }>();
  for (const [name, folder] of Object.entries(folders)) {
    const { model, files } = await loadPolicy(folder);
    models.set(name, { model, tokenizer: files.tokenizer });
  }
  const requests: SeenRequest[] = [];
  let turn: Promise<unknown> = Promise.resolve();
  const stop = new AbortController(); // shutdown() would wait for answers that never come
  const server = Deno.serve(
    { port, hostname: "127.0.0.1", signal: stop.signal, onListen: () => {} },
    async (request) => {
      const path = new URL(request.url).pathname;
      const body = request.method === "POST" ? await request.json() : undefined;
      const seen = { path, body, count: requests.length + 1 };
      requests.push(seen);
      const disturbed = await disturb?.(seen);
      if (disturbed !== undefined) return disturbed;
      if (path === "/v1/models") {
        return Response.json({ data: [...models.keys()].map((id) => ({ id, object: "model" })) });
      }
      const served = models.get(body.model);
      if (served === undefined) return new Response("no such model", { status: 404 });
      const { tokenizer } = served;
      if (path === "/tokenize" && dialect !== "echo") {
        const start = body.add_special_tokens === false ? [] : [0];
        const tokens = [...start, ...tokenizer.encode(body.prompt)];
        return Response.json({
          ...{ count: tokens.length, max_model_len: 128, tokens, token_strs: null },
        });
      }
      // llama-cpp-python, llama_cpp/server/app.py; of a model that adds no start token.
      if (path === "/extras/tokenize" && dialect === "echo") {
        return Response.json({ tokens: [...tokenizer.encode(body.input)] });
      }
      if (path !== "/v1/completions") {
        return Response.json({ detail: "Not Found" }, { status: 404 });
      }
      const answer = turn.then(() => complete(served.model, served.tokenizer, dialect, body));
      turn = answer.catch(() => {});
      return await answer;
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await server.finished;
    },
  };
}

async function complete(
  model: LanguageModel,
  tokenizer: TextTokenizer,
  dialect: Dialect,
  // deno-lint-ignore no-explicit-any -- the protocol's body
  body: any,
): Promise<Response> {
  const isText = typeof body.prompt === "string";
  if (dialect === "echo" && !isText) {
    // pydantic, of `prompt: Union[str, List[str]]` in llama_cpp/server/types.py
    const detail = [{
      type: "string_type",
      loc: ["body", "prompt"],
      msg: "Input should be a string",
    }];
    return Response.json({ detail }, { status: 422 });
  }
  const ids = Int32Array.from(isText ? tokenizer.encode(body.prompt) : body.prompt);
  const textOf = (id: number) => tokenizer.decode([id]);
  const isVllm = dialect === "vllm" || dialect === "vllm-echo";
  if (isVllm && body.top_k === 0) {
    return vllmError(400, "top_k must be -1 (disable), or at least 1, got 0."); // before 0.9
  }
  if (body.echo === true && dialect !== "echo" && dialect !== "llama.cpp" && !isVllm) {
    return Response.json({ error: "Only no echo is supported" }, { status: 400 });
  }
  const common = {
    model: body.model,
    promptIds: [...ids],
    tellsIds: body.return_token_ids === true,
  };
  if (body.echo === true && isVllm) {
    const logps = [null, ...await tokenLogps(model, ids), -1];
    const asIds = body.return_tokens_as_token_ids === true;
    return Response.json(vllmCompletion({
      ...{ ...common, text: `${body.prompt}x`, ids: [7], finishReason: "length" },
      logprobs: vllmLogprobs([...ids, 7], logps, textOf, asIds),
    }));
  }
  if (body.echo === true && dialect === "echo") {
    const rows = await tokenLogps(model, ids);
    return Response.json(llamaCppEcho({
      ...{ model: body.model, prompt: body.prompt, promptTokens: [...ids], made: [7] },
      ...{ bos: TINY_TOKENS.start, textOf: (id) => tokenizer.decode([id]) },
      // Of the token at the next place alone: a wrong row gives a wrong number.
      logp: (row, id) => ids[row + 1] === id ? rows[row] as number : -100,
    }));
  }
  if (body.prompt_logprobs !== undefined && dialect === "vllm") {
    const promptLogprobs = vllmPromptLogprobs([...ids], await tokenLogps(model, ids), textOf);
    const generated = { text: textOf(7), ids: [7], finishReason: "length" } as const;
    return Response.json(vllmCompletion({ ...common, ...generated, promptLogprobs }));
  }
  const [[response]] = await generate(model, [ids], {
    ...{ temperature: body.temperature, topP: body.top_p ?? 1, topK: Math.max(0, body.top_k ?? 0) },
    ...{ responses: 1, maxNewTokens: body.max_tokens, batch: 1, seed: body.seed ?? 0, path: [] },
    stopTokenIds: body.stop_token_ids ?? [],
  }) as [[{ ids: Int32Array; finished: boolean }]];
  const text = tokenizer.decode(response.ids, { skipSpecialTokens: true });
  const finishReason = response.finished ? "stop" : "length";
  if (isVllm) {
    const made = [...response.ids];
    return Response.json(vllmCompletion({
      ...{ ...common, text, ids: made, finishReason },
      logprobs: vllmLogprobs(made, made.map(() => -1), textOf, body.return_tokens_as_token_ids),
    }));
  }
  return choice({
    ...{ text, finish_reason: finishReason },
    ...(dialect === "llama.cpp"
      ? { logprobs: { content: [...response.ids].map((id) => ({ id, token: "\uFFFD" })) } }
      : {}),
  });
}

function choice(fields: object): Response {
  return Response.json({ choices: [{ index: 0, ...fields }] });
}

/** Log-probability of every token after the first: differences of sums over longer completions. */
async function tokenLogps(model: LanguageModel, ids: Int32Array): Promise<number[]> {
  const completions = Array.from({ length: ids.length - 1 }, (_, i) => ids.slice(1, i + 2));
  const [sums] = await sequenceLogps(model, [{ promptIds: ids.slice(0, 1), completions }]);
  return [...sums as Float64Array].map((sum, i) => sum - (i === 0 ? 0 : (sums?.[i - 1] ?? 0)));
}
