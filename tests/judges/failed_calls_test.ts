/** Calls to a judge that time out, cannot be made, or are refused for one question. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { anthropicEndpoint } from "../../lib/judges/anthropic_endpoint.ts";
import type { Comparison } from "../../lib/judges/comparison.ts";
import { PairJudge, type PairJudging } from "../../lib/judges/judge_pairs.ts";
import { openAiEndpoint } from "../../lib/judges/openai_endpoint.ts";
import { assertUserError } from "../support/errors.ts";
import {
  type AskedQuestion,
  type JudgeAnswer,
  refusal,
  serveJudge,
} from "../support/judge_server.ts";
import { withTempDir } from "../support/temp_dir.ts";

const providers = { openai: openAiEndpoint, anthropic: anthropicEndpoint };
/** Seconds; far above what a reply of the server here takes. */
const TIMEOUT = 5;

/** A judge on a server with these answers, as each process opens it anew. */
async function withJudge(
  provider: keyof typeof providers,
  answer: (question: AskedQuestion) => JudgeAnswer,
  use: (
    open: (changes?: Partial<PairJudging> & { readonly timeout?: number }) => PairJudge,
    server: ReturnType<typeof serveJudge>,
  ) => Promise<void>,
): Promise<void> {
  await withTempDir(async (dir) => {
    await using server = serveJudge(answer);
    await use(({ timeout = TIMEOUT, ...changes } = {}) => {
      const endpoint = providers[provider]({
        ...{ model: "judge", key: "none", temperature: 0, maxTokens: 64, timeout },
        url: provider === "openai" ? `${server.url}/v1` : server.url,
      });
      const journal = join(dir, "replies.jsonl");
      return new PairJudge({ endpoint, journal, seed: 0, concurrency: 1, ...changes }, 1);
    }, server);
  });
}

/** Ours is better everywhere; the server refuses what has "poison" in it. */
function comparisons(answers: readonly string[]): Comparison[] {
  return answers.map((answer, index) => ({
    ...{ id: `q${index}`, index, group: null, instruction: `Say ${index}.`, answer },
    baseline: "bad",
  }));
}

const isPoison = ({ user }: AskedQuestion) => user.includes("poison");
const better = ({ first }: AskedQuestion): JudgeAnswer => ({
  verdict: first === "bad" ? "second" : "first",
});
const filter = (question: AskedQuestion): JudgeAnswer =>
  isPoison(question) ? refusal(400, "content_filter") : better(question);

for (const provider of ["openai", "anthropic"] as const) {
  Deno.test(`${provider}: a reply that stalls behind its headers is lost and asked for again`, async () => {
    const begun = () =>
      new Response(
        new ReadableStream({ start: (body) => body.enqueue(new TextEncoder().encode("{")) }),
        { headers: { "content-type": "application/json" } },
      );
    const stallsFirst = (question: AskedQuestion): JudgeAnswer =>
      question.count === 1 ? begun() : better(question);
    await withJudge(provider, stallsFirst, async (open) => {
      const judge = open({ timeout: 1 });
      const [found] = await judge.judge(comparisons(["good"]));
      assert.equal(found?.preference, 1);
      assert.equal(judge.lost, 1);
    });
  });

  Deno.test(`${provider}: a question that times out counts as charged, at its worst, before a reply and without one`, async () => {
    const silence = new Promise<Response>(() => {});
    const slowFirst = (question: AskedQuestion): JudgeAnswer =>
      question.count <= 2 ? silence : better(question);
    const prices = { input: 1000, output: 1000 };
    await withJudge(provider, slowFirst, async (open, server) => {
      const judge = open({ prices, timeout: 1 });
      const [found] = await judge.judge(comparisons(["good"]));
      assert.equal(found?.preference, 1);
      assert.equal(server.questions.length, 4);
      assert.equal(judge.lost, 2);
      assert.equal(open().lost, 2, "the next process knows of them");
    });
    await withJudge(provider, () => silence, async (open, server) => {
      // Worst case of a call: its bytes and 1,088 tokens, about 2.3 dollars: two fit.
      const judge = open({ prices, timeout: 0.05, maxCost: 5 });
      await assertUserError(() => judge.judge(comparisons(["good"])), "could exceed --max-cost 5");
      assert.equal(server.questions.length, 2, "each attempt is paid for");
      assert.equal(judge.lost, 2);
      await assertUserError(
        () => open({ prices, maxCost: 5 }).judge(comparisons(["good"])),
        "could exceed --max-cost 5",
      );
      assert.equal(server.questions.length, 2);
    });
  });

  Deno.test(`${provider}: a gateway that gave up waiting may have cost, a server that is not there does not`, async () => {
    const late = (question: AskedQuestion): JudgeAnswer =>
      question.count === 1 ? refusal(504) : question.count === 2 ? refusal(503) : better(question);
    await withJudge(provider, late, async (open, server) => {
      const judge = open();
      await judge.judge(comparisons(["good"]));
      assert.equal(server.questions.length, 4);
      assert.equal(judge.lost, 1);
      await server[Symbol.asyncDispose]();
      const gone = open({ prices: { input: 1000, output: 1000 }, maxCost: 50 });
      await assertUserError(() => gone.judge(comparisons(["other"])), "cannot be reached");
      assert.equal(gone.lost, 1);
    });
  });

  Deno.test(`${provider}: a question that is refused is left out and named, wherever it stands; the rest is judged`, async () => {
    for (const answers of [["poison", "a", "b"], ["a", "poison", "b"], ["a", "b", "poison"]]) {
      for (const concurrency of [1, 6]) {
        await withJudge(provider, filter, async (open, server) => {
          const all = comparisons(answers);
          const at = answers.indexOf("poison");
          const judge = open({ concurrency });
          const judged = await judge.judge(all);
          assert.deepEqual(
            judged.map(({ preference }) => preference),
            answers.map((answer) => answer === "poison" ? null : 1),
          );
          assert.deepEqual(
            judge.refused(all).map(({ id, order }) => [id, order]),
            [[`q${at}`, "answer first"], [`q${at}`, "baseline first"]],
          );
          assert.match(judge.refused(all)[0]?.reason ?? "", /400 .*content_filter/);
          // Whether a question that was answered was asked after it.
          const isFinal = at < 2 && concurrency === 1;
          assert.deepEqual(
            judge.refused(all).map(({ askedAgain }) => askedAgain),
            [!isFinal, !isFinal],
          );
          assert.deepEqual(judge.spent.tokens, { input: 400, output: 40 });
          assert.equal(judge.lost, 0);
          assert.equal(server.questions.length, 6);

          const again = open();
          assert.equal(again.estimate(all).calls, isFinal ? 0 : 2);
          assert.deepEqual(await again.judge(all), judged);
          assert.deepEqual(again.refused(all), judge.refused(all));
          assert.equal(server.questions.length, isFinal ? 6 : 8);
        });
      }
    }
  });
}

Deno.test("refusals of all questions are the judge's settings: nothing is kept as refused", async () => {
  let isWrong = true;
  const answer = (question: AskedQuestion): JudgeAnswer =>
    isWrong ? refusal(422, "no such parameter") : better(question);
  await withJudge("openai", answer, async (open) => {
    const all = comparisons(["a", "b", "c"]);
    for (const concurrency of [1, 6]) {
      await assertUserError(
        () => open({ concurrency }).judge(all),
        ...["refused every question", "422 no such parameter", "--judge-model"],
      );
    }
    isWrong = false;
    const judge = open();
    assert.deepEqual((await judge.judge(all)).map(({ preference }) => preference), [1, 1, 1]);
    assert.deepEqual(judge.refused(all), []);
  });
});

Deno.test("many refusals in a row after replies are no questions' own: they are asked again", async () => {
  let hasCredit = true;
  const answer = (question: AskedQuestion): JudgeAnswer => {
    if (question.instruction === "Say 3.") hasCredit = false;
    return hasCredit ? filter(question) : refusal(400, "your credit is too low");
  };
  await withJudge("openai", answer, async (open, server) => {
    const all = comparisons(["poison", ..."abcdefghijklmnopqrstuvw"]);
    await assertUserError(
      () => open().judge(all),
      ...["refused 21 questions in a row", "your credit is too low", "what was done is kept"],
    );
    assert.equal(server.questions.length, 6 + 21);
    server.questions.length = 0;
    hasCredit = true;
    const rest = open();
    // Four were answered, two are the poison's.
    assert.equal(rest.estimate(all).calls, 2 * all.length - 6);
    const paid = comparisons(["poison", "a", "b"]);
    assert.equal(rest.estimate(paid).calls, 0);
    assert.deepEqual(rest.refused(all).map(({ id }) => id), ["q0", "q0"]);
  });
});

Deno.test("credit that runs out near the end loses no verdict: the next process asks again", async () => {
  let [hasCredit, isToppedUp] = [true, false];
  const answer = (question: AskedQuestion): JudgeAnswer => {
    if (question.instruction === "Say 3.") hasCredit = isToppedUp;
    return hasCredit ? filter(question) : refusal(400, "your credit is too low");
  };
  await withJudge("openai", answer, async (open) => {
    const all = comparisons(["poison", "a", "b", "c", "d"]);
    const verdicts = async (judge: PairJudge) =>
      (await judge.judge(all)).map(({ preference }) => preference);
    assert.deepEqual(await verdicts(open()), [null, 1, 1, null, null]);
    const poor = open();
    assert.equal(poor.estimate(all).calls, 4);
    const { tokens } = poor.spent;
    assert.deepEqual(await verdicts(poor), [null, 1, 1, null, null]);
    assert.deepEqual(poor.spent.tokens, tokens);
    assert.deepEqual(
      poor.refused(all).map(({ id, askedAgain }) => [id, askedAgain]),
      ["q0", "q0", "q3", "q3", "q4", "q4"].map((id) => [id, id !== "q0"]),
    );
    [hasCredit, isToppedUp] = [true, true];
    assert.deepEqual(await verdicts(open()), [null, 1, 1, 1, 1]);
    assert.equal(open().estimate(all).calls, 0);
  });
});

Deno.test("one question that is left and refused ends no run where an earlier process was answered", async () => {
  await withJudge("openai", filter, async (open, server) => {
    const all = comparisons(["a", "poison"]);
    await open().judge(all.slice(0, 1));
    const judge = open();
    const judged = await judge.judge(all);
    assert.deepEqual(judged.map(({ preference }) => preference), [1, null]);
    assert.equal(server.questions.length, 4);
    assert.equal(open().estimate(all).calls, 2);
  });
});
