/** A local server that speaks OpenAI's chat completions and Anthropic's messages, and misbehaves on request. */

/** A question as the server saw it. */
export interface AskedQuestion {
  /** From 1. */
  readonly count: number;
  readonly system: string;
  readonly user: string;
  /** The parts between the nonce's lines. */
  readonly instruction: string;
  readonly first: string;
  readonly second: string;
  readonly headers: Headers;
  // deno-lint-ignore no-explicit-any -- whatever was sent
  readonly body: any;
}

/** What is done with a question: a verdict's object, a text instead of one, cut or not, or a whole response. */
export type JudgeAnswer =
  | { readonly verdict: unknown }
  | { readonly cut: string }
  | string
  | Response
  | Promise<Response>;

/** A server and what it was asked. */
export interface JudgeServer extends AsyncDisposable {
  /** Without a path. */
  readonly url: string;
  readonly questions: AskedQuestion[];
  /** Questions that got a reply with a verdict or with prose: what a provider charges for. */
  readonly charged: AskedQuestion[];
}

/** Starts the server; `answer` decides. */
export function serveJudge(answer: (question: AskedQuestion) => JudgeAnswer): JudgeServer {
  const questions: AskedQuestion[] = [], charged: AskedQuestion[] = [];
  const stop = new AbortController();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", signal: stop.signal, onListen: () => {} },
    async (request) => {
      const isOpenAi = new URL(request.url).pathname.endsWith("/chat/completions");
      const body = await request.json();
      const texts: string[] = isOpenAi
        ? body.messages.map(({ content }: { content: string }) => content)
        : [body.system, body.messages[0].content];
      const [system = "", user = ""] = texts;
      const question = {
        ...{ count: questions.length + 1, system, user, headers: request.headers, body },
        ...{ instruction: part(user, "instruction"), first: part(user, "first answer") },
        second: part(user, "second answer"),
      };
      questions.push(question);
      const decided = answer(question);
      if (decided instanceof Response || decided instanceof Promise) return await decided;
      charged.push(question);
      return Response.json((isOpenAi ? openAiReply : anthropicReply)(decided));
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    ...{ questions, charged },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await server.finished;
    },
  };
}

/** What stands between the lines of a part. */
function part(user: string, name: string): string {
  const [, nonce = "none"] = /^<<(\w{32}) begin instruction>>$/m.exec(user) ?? [];
  const begin = `<<${nonce} begin ${name}>>\n`;
  const at = user.indexOf(begin);
  return at < 0 ? "" : user.slice(at + begin.length, user.indexOf(`\n<<${nonce} end ${name}>>`));
}

/** A reply that is no response of its own. */
type Decided = Exclude<JudgeAnswer, Response | Promise<Response>>;

function openAiReply(decided: Decided): object {
  const content = textOf(decided) ?? JSON.stringify(decided);
  return {
    ...{ id: "x", object: "chat.completion", model: "judge", created: 0 },
    choices: [{
      index: 0,
      finish_reason: isCut(decided) ? "length" : "stop",
      message: { role: "assistant", content },
    }],
    usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
  };
}

function anthropicReply(decided: Decided): object {
  const text = textOf(decided);
  return {
    ...{ id: "x", type: "message", role: "assistant", model: "judge" },
    stop_reason: isCut(decided) ? "max_tokens" : "tool_use",
    content: text !== null
      ? [{ type: "text", text }]
      : [{ type: "tool_use", id: "t", name: "verdict", input: decided }],
    usage: { input_tokens: 100, output_tokens: 10 },
  };
}

function isCut(decided: Decided): decided is { readonly cut: string } {
  return typeof decided === "object" && "cut" in decided;
}

function textOf(decided: Decided): string | null {
  return typeof decided === "string" ? decided : isCut(decided) ? decided.cut : null;
}

/** A reply whose connection is cut in the middle of its body. */
export function cutOff(): Response {
  const text = '{"choices": [{"mess';
  return new Response(text, {
    headers: { "content-type": "application/json", "content-length": "500" },
  });
}

/** A refusal that asks for no wait. */
export function refusal(status: number, message = "busy"): Response {
  return Response.json({ error: { message } }, { status, headers: { "retry-after-ms": "1" } });
}
