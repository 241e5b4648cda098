/** A judge that gives no verdict is not paid to the end, and a higher limit pays for the cut replies alone. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { anthropicEndpoint } from "../../lib/judges/anthropic_endpoint.ts";
import type { Comparison } from "../../lib/judges/comparison.ts";
import { PairJudge } from "../../lib/judges/judge_pairs.ts";
import { openAiEndpoint } from "../../lib/judges/openai_endpoint.ts";
import { type AskedQuestion, type JudgeAnswer, serveJudge } from "../support/judge_server.ts";
import { withTempDir } from "../support/temp_dir.ts";

const COMPARISONS: readonly Comparison[] = Array.from({ length: 20 }, (_, i) => ({
  ...{ id: `q${i}`, index: i, group: null, instruction: `Say ${i}.` },
  ...{ answer: "good", baseline: "bad" },
}));

const honest = ({ first }: AskedQuestion): JudgeAnswer => ({
  verdict: first === "good" ? "first" : "second",
});

/** Judges on a server with these answers, by the most tokens of a reply. */
async function withJudges(
  provider: "openai" | "anthropic",
  answer: (question: AskedQuestion) => JudgeAnswer,
  use: (open: (maxTokens: number) => PairJudge, asked: AskedQuestion[]) => Promise<void>,
): Promise<void> {
  await withTempDir(async (dir) => {
    await using server = serveJudge(answer);
    const endpoint = provider === "openai" ? openAiEndpoint : anthropicEndpoint;
    const open = (maxTokens: number) =>
      new PairJudge({
        endpoint: endpoint({
          ...{ model: "judge", key: "k", temperature: 0, maxTokens, timeout: 30 },
          url: provider === "openai" ? `${server.url}/v1` : server.url,
        }),
        ...{ journal: join(dir, "replies.jsonl"), seed: 0, concurrency: 2 },
        prices: { input: 1, output: 1 },
      }, 1);
    await use(open, server.questions);
  });
}

for (const provider of ["openai", "anthropic"] as const) {
  Deno.test(`${provider}: replies that are all cut end the run; a higher limit asks those again alone`, async () => {
    let thinks = false;
    const answer = (question: AskedQuestion): JudgeAnswer => {
      const limit = question.body.max_tokens as number;
      return thinks && limit < 2048 ? { cut: "First, I look at" } : honest(question);
    };
    await withJudges(provider, answer, async (open, asked) => {
      await open(64).judge(COMPARISONS.slice(0, 2));
      assert.equal(asked.length, 4);
      thinks = true;
      await assert.rejects(open(64).judge(COMPARISONS), {
        message:
          /gave 22 replies in a row without a verdict, .*cut at --judge-max-tokens 64: raise/,
      });
      const paid = asked.length;
      assert.ok(paid >= 26 && paid <= 28, `${paid}`);
      const judge = open(2048);
      const judged = await judge.judge(COMPARISONS);
      assert.deepEqual(judged.map(({ preference }) => preference), COMPARISONS.map(() => 1));
      // The first four verdicts are kept; of the others each question is asked once more.
      assert.equal(asked.length - paid, 2 * COMPARISONS.length - 4);
      assert.equal(judge.spent.calls, asked.length, "replies that were cut were paid for, too");
      await open(2048).judge(COMPARISONS);
      await open(64).judge(COMPARISONS);
      assert.equal(judge.spent.calls, asked.length, "verdicts hold under every limit");
    });
  });

  Deno.test(`${provider}: prose from first to last is shown, and what to do`, async () => {
    await withJudges(provider, () => "I prefer the first.", async (open, asked) => {
      await assert.rejects(open(64).judge(COMPARISONS), {
        message:
          /22 replies in a row without a verdict, the last one .*I prefer the first.*choose a/,
      });
      assert.ok(asked.length <= 24, `${asked.length}`);
    });
  });
}

Deno.test("prose to most questions is no reason to stop while some verdicts come", async () => {
  const answer = (question: AskedQuestion): JudgeAnswer =>
    question.count % 10 === 0 ? honest(question) : "prose";
  await withJudges("openai", answer, async (open) => {
    const judged = await open(64).judge(COMPARISONS);
    const verdicts = judged.flatMap((each) => Object.values(each.verdicts));
    assert.ok(verdicts.some((verdict) => verdict !== null) && verdicts.includes(null));
  });
});
