import type { LanguageModel } from "../../lib/policy/language_model.ts";
import { generate } from "../../lib/policy/generate.ts";
import { loadPolicy } from "../../lib/policy/load_policy.ts";
import { sequenceLogps } from "../../lib/policy/sequence_logps.ts";
import type { TextTokenizer } from "../../lib/text/tokenizer.ts";

/**
 * How a server tells prompt log-probabilities: as vLLM, as llama-cpp-python, or not at all as
 * llama.cpp's own server, which tells the ids of what it generates.
 */
export type Dialect = "vllm" | "echo" | "none" | "llama.cpp";

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
      if (path === "/tokenize") {
        return Response.json({ tokens: [...served.tokenizer.encode(body.prompt)] });
      }
      if (path !== "/v1/completions") return new Response("not found", { status: 404 });
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
  const ids = Int32Array.from(isText ? tokenizer.encode(body.prompt) : body.prompt);
  if (body.echo === true && dialect !== "echo" && dialect !== "llama.cpp") {
    return Response.json({ error: "Only no echo is supported" }, { status: 400 });
  }
  if (body.echo === true && dialect === "echo") {
    const logps = await tokenLogps(model, ids);
    return choice({
      logprobs: {
        tokens: [...[...ids].map((id) => tokenizer.decode([id])), "x"],
        token_logprobs: [null, ...logps, -1],
      },
    });
  }
  if (body.prompt_logprobs !== undefined && dialect === "vllm") {
    const logps = await tokenLogps(model, ids);
    const tables = logps.map((logprob, i) => ({ [`${ids[i + 1]}`]: { logprob, rank: 1 } }));
    return choice({ prompt_logprobs: [null, ...tables] });
  }
  const [[response]] = await generate(model, [ids], {
    ...{ temperature: body.temperature, topP: body.top_p ?? 1, topK: body.top_k ?? 0 },
    ...{ responses: 1, maxNewTokens: body.max_tokens, batch: 1, seed: body.seed ?? 0, path: [] },
    stopTokenIds: body.stop_token_ids ?? [],
  }) as [[{ ids: Int32Array; finished: boolean }]];
  return choice({
    text: tokenizer.decode(response.ids, { skipSpecialTokens: true }),
    finish_reason: response.finished ? "stop" : "length",
    ...(dialect === "vllm"
      ? { logprobs: { tokens: [...response.ids].map((id) => `token_id:${id}`) } }
      : {}),
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
