import assert from "node:assert/strict";
import { join } from "node:path";
import { generateResponsesByServer } from "../../experiments/commands/generate/generate_by_server.ts";
import { generateCommand } from "../../experiments/commands/generate/options.ts";
import { scoreCommand } from "../../experiments/commands/score/options.ts";
import { scorePairsByServer } from "../../experiments/commands/score/score_by_server.ts";
import { parseCommand } from "../../lib/cli/command.ts";
import { openTokenizer } from "../../lib/policy/io/load.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import type { TextTokenizer } from "../../lib/text/tokenizer.ts";
import { type SeenRequest, serveModels } from "../support/completions_server.ts";
import { assertUserError } from "../support/errors.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { makeTinyModelFolder } from "../support/tiny_model.ts";
import { jsonLines } from "../support/tiny_pairs.ts";
import {
  type VllmAnswer,
  vllmCompletion,
  vllmError,
  vllmLogprobs,
  vllmPromptLogprobs,
} from "../support/vllm_shapes.ts";

/** Answers a request for completions. */
type Answer = (request: SeenRequest, tokenizer: TextTokenizer) => Response;

/** Tokens of the prompt. */
const TEA = 5;

const isScoring = ({ path }: SeenRequest) => path === "/v1/completions";
const rowsOf = (path: string) =>
  Deno.readTextFileSync(path).trimEnd().split("\n").map((line) => JSON.parse(line));

/** Runs a command with a server that answers completions as `answer` says. */
async function withAnswers(
  command: "score" | "generate",
  answer: Answer,
): Promise<{ rows: Record<string, unknown>[]; requests: readonly SeenRequest[] }> {
  return await withTempDir(async (dir) => {
    const [model, data, out] = ["model", "pairs.jsonl", "out.jsonl"].map((name) => join(dir, name));
    await makeTinyModelFolder(model as string, { seed: 1 });
    const pair = { prompt: "the tea", chosen: "is hot", rejected: "is a red sea" };
    await Deno.writeTextFile(data as string, jsonLines([pair]));
    const tokenizer = await openTokenizer(model as string);
    await using server = await serveModels({ policy: model as string }, {
      disturb: (request) => isScoring(request) ? answer(request, tokenizer) : undefined,
    });
    const shared = [
      "--model",
      model,
      "--out",
      out,
      "--chat-template",
      "never",
      "--concurrency",
      "1",
    ];
    const of = (...own: (string | undefined)[]) => [...shared, ...own] as string[];
    if (command === "score") {
      const { options } = parseCommand(scoreCommand, of("--data", data, "--server", server.url));
      await scorePairsByServer(options, server.url, silentProgress);
    } else {
      const { options } = parseCommand(generateCommand, of("--prompts", data));
      await generateResponsesByServer(options, server.url, silentProgress);
    }
    return { rows: rowsOf(out as string), requests: [...server.requests] };
  });
}

/** Log-probabilities by place: whole sixteenths, so that sums are exact. */
const logpAt = (i: number) => -(i + 1) / 16;
const textOf = (id: number) => `<${id}>`;

/** What vLLM answers to a prompt of ids, with these log-probabilities of all but the first. */
function told(ids: readonly number[], logps: readonly number[]): Response {
  const generated = { text: "x", ids: [7], finishReason: "length", tellsIds: false } as const;
  const promptLogprobs = vllmPromptLogprobs(ids, logps, textOf);
  return Response.json(vllmCompletion({
    ...{ model: "policy", promptIds: ids, ...generated, promptLogprobs },
  }));
}

Deno.test("vLLM's prompt_logprobs: the token's own entry is summed, wherever it stands, from the prompt's end on", async () => {
  let tokenizer: TextTokenizer | undefined;
  const { rows, requests } = await withAnswers("score", ({ body: { prompt } }, own) => {
    tokenizer = own;
    return told(prompt, prompt.slice(1).map((_: number, i: number) => logpAt(i + 1)));
  });
  const scoring = requests.filter(isScoring).map(({ body }) => body);
  assert.equal(scoring.length, 3); // the first tries the protocol
  const prompt = requests.find(({ path }) => path === "/tokenize")?.body;
  assert.deepEqual(prompt, {
    ...{ model: "policy", prompt: "the tea", add_special_tokens: false },
    ...{ content: "the tea", add_special: false },
  });
  const texts = ["the teais hot<|im_end|>", "the teais a red sea<|im_end|>"];
  for (const [n, side] of ["chosen", "rejected"].entries()) {
    const body = scoring[n + 1];
    assert.deepEqual(
      [body.model, body.prompt_logprobs, body.max_tokens, body.echo],
      ["policy", 1, 1, undefined],
    );
    const places = body.prompt.slice(TEA).map((_: number, i: number) => logpAt(TEA + i));
    assert.equal(tokenizer?.decode(body.prompt), texts[n]);
    assert.equal(rows[0]?.[`${side}_tokens`], places.length);
    assert.equal(rows[0]?.[`${side}_logp`], places.reduce((a: number, b: number) => a + b));
  }
});

Deno.test("what no log-probability can be is refused: -inf as vLLM writes it, logits, null, NaN, another token", async () => {
  const withLast = (value: unknown): Answer => ({ body: { prompt } }) =>
    told(prompt, [...prompt.slice(2).map(() => -1), value]);
  // clamp_prompt_logprobs: minus infinity becomes -9999.0.
  await assertUserError(
    () => withAnswers("score", withLast(-9999)),
    /token at place \d+ the log-probability -9999, which stands for minus infinity/,
  );
  await assertUserError(
    () => withAnswers("score", withLast(12.5)),
    /log-probability 12.5, which is above 0: it tells logits; .*--logprobs-mode raw_logprobs/,
  );
  await assertUserError(() => withAnswers("score", withLast(null)), /log-probability null/);
  for (const number of ["-Infinity", "NaN"]) {
    await assertUserError(
      () =>
        withAnswers("score", () => new Response(`{"choices": [{"prompt_logprobs": [${number}]}]}`)),
      new RegExp(`/v1/completions answered with ${number} for a number: check the model's weights`),
    );
  }
  await assertUserError(
    () => withAnswers("score", () => new Response("<html>welcome")),
    /answered what is no JSON: "<html>welcome"; is it a model server\?/,
  );
  await assertUserError(
    () =>
      withAnswers(
        "score",
        ({ body: { prompt } }) => told([...prompt.slice(0, -1), 50], prompt.slice(1).map(() => -1)),
      ),
    /scored another token at place \d+: its tokenizer is not --model's/,
  );
});

Deno.test("vLLM's echo, without prompt_logprobs behind a proxy: ids are compared, -9999 is refused", async () => {
  const echo =
    (change: (ids: number[], logps: (number | null)[]) => void): Answer =>
    ({ body: { prompt, echo: asked } }, tokenizer) => {
      const answer = {
        ...{ model: "policy", promptIds: [1], text: "x", ids: [7] },
        tellsIds: false,
      };
      const finishReason = "length" as const;
      if (asked !== true) return Response.json(vllmCompletion({ ...answer, finishReason }));
      const ids = [...tokenizer.encode(prompt), 7];
      const logps = ids.map((_, i) => i === 0 ? null : logpAt(i));
      change(ids, logps);
      const logprobs = vllmLogprobs(ids, logps, textOf, true);
      return Response.json(vllmCompletion({ ...answer, finishReason, logprobs }));
    };
  const { rows, requests } = await withAnswers("score", echo(() => {}));
  const asked = requests.filter(isScoring).map(({ body }) => body).filter((body) => body.echo);
  assert.equal(asked[0].prompt, "the teais hot<|im_end|>");
  assert.deepEqual([asked[0].logprobs, asked[0].add_special_tokens], [1, false]);
  const tokens = rows[0]?.chosen_tokens as number;
  const places = Array.from({ length: tokens }, (_, i) => logpAt(TEA + i));
  assert.equal(rows[0]?.chosen_logp, places.reduce((sum, logp) => sum + logp));
  await assertUserError(
    () => withAnswers("score", echo((_, logps) => logps[TEA] = -9999)),
    new RegExp(`at place ${TEA} the log-probability -9999, which stands for minus infinity`),
  );
  await assertUserError(
    () => withAnswers("score", echo((ids) => ids[TEA] = 50)),
    new RegExp(`scored another token at place ${TEA}`),
  );
  await assertUserError(
    () => withAnswers("score", echo((ids, logps) => (ids.pop(), logps.pop()))),
    /scored \d+ tokens where \d+ were sent: its tokenizer is not --model's/,
  );
});

Deno.test("a refusal repeats the server's own words, in each server's shape", async () => {
  const words = "This model's maximum context length is 4 tokens.";
  let asked = 0;
  // Only from the second request on: the first tries the protocol.
  const refuses = (answer: () => Response): Answer => ({ body: { prompt } }) =>
    asked++ === 0 ? told(prompt, prompt.slice(1).map(() => -1)) : answer();
  for (
    const answer of [
      () => vllmError(400, words),
      () => Response.json({ object: "error", message: words, code: 400 }, { status: 400 }),
      () => Response.json({ error: words }, { status: 400 }),
      () => Response.json({ detail: [{ loc: ["body"], msg: words }] }, { status: 422 }),
      () => new Response(words, { status: 400 }),
    ]
  ) {
    asked = 0;
    await assertUserError(
      () => withAnswers("score", refuses(answer)),
      /answered 4\d\d; what was done is kept: .*same command again \(it says: This model's maximum/,
    );
  }
});

Deno.test("sampling asks for the given rule alone: what is off is said, and ids come in each vLLM's shape", async () => {
  const made = [40, 41, 42];
  const shapes: readonly Pick<VllmAnswer, "tellsIds" | "logprobs">[] = [
    { tellsIds: true },
    { tellsIds: false, logprobs: vllmLogprobs(made, made.map(() => -1), textOf, true) },
  ];
  for (const shape of shapes) {
    const { rows, requests } = await withAnswers(
      "generate",
      ({ body: { prompt } }) =>
        Response.json(vllmCompletion({
          ...{ model: "policy", promptIds: prompt, text: "?", ids: made, finishReason: "length" },
          ...shape,
        })),
    );
    assert.equal(rows[0]?.tokens, 3);
    assert.notEqual(rows[0]?.response, "?");
    const { seed: _, prompt: __, stop_token_ids: ___, ...body } = requests.at(-1)?.body;
    assert.deepEqual(body, {
      ...{ model: "policy", max_tokens: 128, temperature: 1, top_p: 1 },
      // vLLM fills in generation_config.json's (get_diff_sampling_param), llama.cpp top_k 40.
      ...{ top_k: -1, min_p: 0, repetition_penalty: 1, repeat_penalty: 1 },
      ...{ presence_penalty: 0, frequency_penalty: 0 },
      ...{ logprobs: 1, return_tokens_as_token_ids: true, return_token_ids: true },
    });
  }
});

Deno.test("a response that a server breaks off as it is ended is no response", async () => {
  for (const reason of ["abort", "error"]) {
    await assertUserError(
      () =>
        withAnswers(
          "generate",
          () => Response.json({ choices: [{ index: 0, text: "half a", finish_reason: reason }] }),
        ),
      new RegExp(`broke off a response \\(finish_reason "${reason}"\\), as a server that is ended`),
    );
  }
});
