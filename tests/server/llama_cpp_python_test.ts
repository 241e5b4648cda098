import assert from "node:assert/strict";
import { CompletionsServer } from "../../lib/server/completions_server.ts";
import type { TextTokenizer } from "../../lib/text/tokenizer.ts";
import { assertUserError } from "../support/errors.ts";
import { llamaCppEcho } from "../support/llama_cpp_shapes.ts";

/** One letter a token; tokens that are special have no text for readers. */
const words = ["<s>", "</s>", "a", "b", "c", "d", "<u>", "é"];
const [BOS, EOS, A, B, C, D, USER, ACCENT] = words.keys() as Iterable<number> as [
  ...[number, number, number, number, number, number, number, number],
];
const isSpecial = (id: number) => (words[id] as string).length > 1;

/** @param prepends whether plain prompts begin with the start token */
const tokenizer = (prepends: boolean): TextTokenizer => ({
  ...{ vocabSize: words.length, eosTokenId: EOS, stopTokenIds: [EOS], hasChatTemplate: false },
  ...{ bosTokenId: prepends ? BOS : undefined, fingerprint: "letters" },
  addsPrefixSpace: false,
  encode: (text) => Int32Array.from(text.match(/<\/?\w>|./gu) ?? [], (word) => words.indexOf(word)),
  decode: (ids, { skipSpecialTokens = false } = {}) =>
    Array.from(ids).filter((id) => !(skipSpecialTokens && isSpecial(id)))
      .map((id) => words[id]).join(""),
  applyChatTemplate: () => "",
});

/** The log-probability of a token after others: another one for every place and token. */
const logpOf = (before: readonly number[], id: number) =>
  -(1 + before.length) / 16 - (1 + before.reduce((sum, own) => 3 * sum + own, id) % 31) / 1024;

interface Server {
  /** Whether it puts a start token first (tokenizer.ggml.add_bos_token). */
  readonly adds: boolean;
  /** What it would generate; the end of a text ends it before it is listed. */
  readonly next?: readonly number[];
}

/** What llama-cpp-python's scores come to, and the texts that it was sent. */
async function score(
  { adds, next = [D] }: Server,
  prompt: readonly number[],
  completion: readonly number[],
): Promise<{ logp: number; texts: string[] }> {
  const own = tokenizer(adds), texts: string[] = [];
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (ask) => {
      if (ask.method === "GET") return Response.json({ data: [{ id: "m" }] });
      const body = await ask.json();
      // pydantic, of `prompt: Union[str, List[str]]` in llama_cpp/server/types.py
      if (typeof body.prompt !== "string") return Response.json({ detail: [] }, { status: 422 });
      texts.push(body.prompt);
      const promptTokens = [...adds ? [BOS] : [], ...own.encode(body.prompt)];
      return Response.json(llamaCppEcho({
        ...{ model: "m", prompt: body.prompt, promptTokens, bos: BOS },
        made: next.includes(EOS) ? next.slice(0, next.indexOf(EOS)) : next,
        textOf: (id) => isSpecial(id) ? "" : words[id] as string,
        logp: (row, id) => logpOf(promptTokens.slice(0, row + 1), id),
      }));
    },
  );
  const asked = await CompletionsServer.open(`http://127.0.0.1:${server.addr.port}`, own);
  const logp = await asked.logp(Int32Array.from(prompt), Int32Array.from(completion));
  return { logp, texts };
}

/** The true sum, after a start token where the server adds one. */
function expected(prompt: readonly number[], completion: readonly number[]): number {
  return completion.reduce(
    (sum, id, i) => sum + logpOf([...prompt, ...completion.slice(0, i)], id),
    0,
  );
}

const completion = [C, A, EOS];

Deno.test("llama-cpp-python: the sum is right whether a token, the end, the start or half a character comes next", async () => {
  for (const next of [[D], [EOS], [BOS], [ACCENT, D], [ACCENT, EOS]]) {
    const { logp, texts } = await score({ adds: true, next }, [A, B], completion);
    assert.equal(logp, expected([BOS, A, B], completion), `${next} comes next`);
    assert.deepEqual(texts, ["abca</s>", "abca</s>"]);
  }
});

Deno.test("llama-cpp-python: a prompt that begins with the start token is not given a second one", async () => {
  for (const next of [[D], [EOS]]) {
    const { logp, texts } = await score({ adds: true, next }, [BOS, A, B], completion);
    assert.equal(logp, expected([BOS, A, B], completion), `${next} comes next`);
    assert.equal(texts.at(-1), "abca</s>");
  }
});

Deno.test("llama-cpp-python: start tokens of the text, which it leaves out, are taken off count", async () => {
  const turns = [BOS, A, EOS, BOS, B];
  for (const adds of [true, false]) {
    for (const next of [[D], [EOS], [BOS]]) {
      const { logp } = await score({ adds, next }, turns, completion);
      assert.equal(logp, expected(turns, completion), `${next} comes next, adds ${adds}`);
    }
  }
});

Deno.test("llama-cpp-python: numbers of other places are refused, with the reason", async () => {
  const wrongRows = /tokens the log-probabilities of those after them, as llama-cpp-python does/;
  for (const next of [[D], [EOS]]) {
    await assertUserError(() => score({ adds: false, next }, [A, B], completion), wrongRows);
    // A special token comes first which is not the server's start token.
    await assertUserError(
      () => score({ adds: false, next }, [USER, A, USER, B], completion),
      wrongRows,
    );
  }
  await assertUserError(
    () => score({ adds: false }, [USER, A, B], completion),
    /scored another token at place 2: its tokenizer is not --model's/,
  );
  await assertUserError(
    () => score({ adds: true }, [A, B], [C, BOS, A]),
    /tells no log-probability of the token at place 3: llama-cpp-python leaves start tokens out/,
  );
  await assertUserError(
    () => score({ adds: true }, [BOS], completion),
    /tells no log-probability of the token at place 0/,
  );
});
