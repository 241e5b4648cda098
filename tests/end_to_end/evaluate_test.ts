/** `evaluate` and `compare --answer-judge` as a user runs them, on a server that misbehaves. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../../lib/engine/layout.ts";
import {
  type AskedQuestion,
  type JudgeAnswer,
  refusal,
  serveJudge,
} from "../support/judge_server.ts";
import { leaveBehind, leftBehind } from "../support/left_behind.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { makeTinyModelFolder } from "../support/tiny_model.ts";
import { jsonLines, tinyPairs } from "../support/tiny_pairs.ts";
import { makeTinyRewardFolder } from "../support/tiny_reward.ts";

const KEY = "secret-key-0123456789";

/** A command of the suite, from the folder where its paths begin. */
function spawn(home: string, name: string, args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--quiet", "--no-check", `experiments/commands/${name}/main.ts`],
      ...args,
    ],
    ...{ cwd: projectRoot, stdout: "piped", stderr: "piped" },
    env: {
      ...{ INIT_CWD: home, SERA_CACHE: join(home, "cache"), SERA_THREADS: "1", NO_COLOR: "1" },
      OPENAI_API_KEY: KEY,
    },
  }).spawn();
}

async function run(home: string, name: string, args: readonly string[]) {
  const { code, stdout, stderr } = await spawn(home, name, args).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** The longer answer is better; some questions are refused or answered in prose first. */
function fickle(question: AskedQuestion): JudgeAnswer {
  if (question.count % 7 === 3) return refusal(429);
  if (question.count % 11 === 5) return "I like the first answer.";
  const { first, second } = question;
  if (first.length === second.length) return { verdict: "tie" };
  return { verdict: first.length > second.length ? "first" : "second" };
}

/** Every file of a folder, as text. */
function textsOf(folder: string): [string, string][] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isFile, isDirectory }) => {
    const path = join(folder, name);
    if (isDirectory) return textsOf(path);
    return isFile ? [[path, Deno.readTextFileSync(path)] as [string, string]] : [];
  });
}

const SET = JSON.stringify(
  Array.from({ length: 12 }, (_, i) => ({
    ...{ instruction: `Name prime ${i}.`, output: "7", generator: "reference" },
    dataset: i % 2 === 0 ? "koala" : "vicuna",
  })),
);

Deno.test("evaluate: answers by a model, judged; killed while answering and while judging, continued", async () => {
  await withTempDir(async (home) => {
    await makeTinyModelFolder(join(home, "model"), { seed: 7 });
    await Deno.writeTextFile(join(home, "alpaca_eval.json"), SET);
    let hang = false;
    await using server = serveJudge((question) =>
      hang && server.charged.length >= 9 ? new Promise<Response>(() => {}) : fickle(question)
    );
    const args = (out: string) => [
      ...["--prompts", "alpaca_eval.json", "--model", "model", "--out", out, "--batch", "2"],
      ...["--max-new-tokens", "24", "--temperature", "1", "--judge", "openai"],
      ...["--judge-model", "judge", "--judge-url", `${server.url}/v1`, "--price-input", "2"],
      ...["--price-output", "8", "--max-cost", "5"],
    ];
    leaveBehind(join(home, "whole", "answers.jsonl")); // killed while it wrote
    const whole = await run(home, "evaluate", args("whole"));
    assert.equal(whole.code, 0, whole.err);
    assert.match(whole.out, /judge \(openai\) on 12 instructions \(AlpacaEval\):/);
    assert.match(whole.out, /win rate [\d.]+ % ± [\d.]+ \(standard error\), \d+ comparisons/);
    assert.match(whole.out, /length-controlled win rate [\d.]+ % .*length_controlled_minimal/);
    assert.match(
      whole.err,
      /24 questions to the judge, about \d+ \+ 288 tokens, about \$0\.\d+, about 12 s if a call takes 2 s/,
    );
    assert.deepEqual(leftBehind(home), []);
    const summary = JSON.parse(Deno.readTextFileSync(join(home, "whole/summary.json")));
    assert.deepEqual(Object.keys(summary.groups), ["koala", "vicuna"]);
    assert.equal(summary.judging.calls, server.charged.length);
    assert.equal(summary.judging.tokens.input, 100 * server.charged.length);
    assert.ok(summary.judging.dollars > 0);

    // The same again, killed when some answers are there, and when some verdicts are.
    const path = (name: string) => join(home, "killed", name);
    const lines = (name: string) =>
      existsSync(path(name)) ? Deno.readTextFileSync(path(name)).trim().split("\n").length : 0;
    const killWhen = async (isTime: () => boolean) => {
      const child = spawn(home, "evaluate", args("killed"));
      const ended = child.output();
      while (!isTime()) await new Promise((resolve) => setTimeout(resolve, 2));
      child.kill("SIGKILL");
      assert.equal((await ended).signal, "SIGKILL");
    };
    await killWhen(() => lines("answers.jsonl") >= 4);
    assert.equal(lines("replies.jsonl"), 0);
    server.charged.length = 0;
    server.questions.length = 0;
    hang = true;
    const journal = () =>
      existsSync(path("replies.jsonl")) ? Deno.readTextFileSync(path("replies.jsonl")) : "";
    await killWhen(() => {
      const text = journal();
      const [asked, replies, refused] = ['"asked":', '"reply":', '"refused":']
        .map((mark) => text.split(mark).length - 1) as [number, number, number];
      return replies >= 9 && asked > replies + refused; // a call is under way
    });
    hang = false;
    const continued = await run(home, "evaluate", args("killed"));
    assert.equal(continued.code, 0, continued.err);
    assert.match(continued.out, /[1-4] calls were cut off and may be charged too/);
    const asked = server.charged.map(({ user }) => user);
    assert.equal(new Set(asked).size, asked.length, "no question that was answered is asked again");
    const side = (out: string) => Deno.readTextFileSync(join(home, out, "answers.jsonl"));
    assert.equal(side("killed"), side("whole"));

    // Nothing is left to ask, and no file holds the key.
    const before = server.questions.length;
    const again = await run(home, "evaluate", args("killed"));
    assert.match(again.err, /every verdict is there already/);
    assert.equal(server.questions.length, before);
    const files = textsOf(join(home, "killed"));
    assert.ok(files.length > 5);
    for (const [file, text] of files) assert.ok(!text.includes(KEY), file);
    assert.ok(![whole, continued, again].some(({ out, err }) => (out + err).includes(KEY)));

    const refused = await run(home, "evaluate", [...args("dear"), "--max-cost", "0.0001"]);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /would cost about \$0\.\d+, more than --max-cost 0\.0001/);
    const other = await run(home, "evaluate", [...args("killed"), "--seed", "3"]);
    assert.match(other.err, /killed holds a run with other options: seed was 0, is 3/);
  });
});

Deno.test("evaluate: a reward model judges files of answers without a server", async () => {
  await withTempDir(async (home) => {
    await makeTinyRewardFolder(join(home, "reward"), 5);
    await Deno.writeTextFile(join(home, "set.json"), SET);
    const answers = JSON.parse(SET).map((row: object, i: number) => ({ ...row, output: `${i}` }));
    await Deno.writeTextFile(join(home, "answers.json"), JSON.stringify(answers));
    const args = [
      ...["--prompts", "set.json", "--answers", "answers.json", "--out", "out"],
      ...["--judge", "reward", "--judge-model", "reward"],
    ];
    const { code, out, err } = await run(home, "evaluate", args);
    assert.equal(code, 0, err);
    const { summary, judging } = JSON.parse(Deno.readTextFileSync(join(home, "out/summary.json")));
    assert.equal(summary.comparisons, 12);
    assert.equal(summary.agreement, 1);
    const wins = judging.scores.filter((score: { answer: number; baseline: number }) =>
      score.answer > score.baseline
    ).length;
    const ties = judging.scores.filter((score: { answer: number; baseline: number }) =>
      score.answer === score.baseline
    ).length;
    assert.equal(summary.winRate, (wins + ties / 2) / 12);
    assert.match(out, /24 answers scored by/);
  });
});

Deno.test("evaluate: the gold reward of sentiment judges files of answers without a server", async () => {
  await withTempDir(async (home) => {
    await makeTinyModelFolder(join(home, "sft"), { seed: 7 });
    await Deno.writeTextFile(join(home, "set.json"), SET);
    const answers = JSON.parse(SET).map((row: object, i: number) => ({
      ...{ ...row, output: i < 6 ? "it is good" : "it is bad" },
    }));
    await Deno.writeTextFile(join(home, "answers.json"), JSON.stringify(answers));
    const args = [
      ...["--prompts", "set.json", "--answers", "answers.json", "--out", "out", "--judge", "gold"],
      ...["--max-new-tokens", "16"],
    ];
    const nameless = await run(home, "evaluate", args);
    assert.match(nameless.err, /the judge gold needs the SFT model.*--judge-model/);
    const withModel = [...args, "--judge-model", "sft"];
    const remote = await run(home, "evaluate", [...withModel, "--judge-url", "http://x/v1"]);
    assert.match(remote.err, /--judge-url has no effect with --judge gold, which runs here/);
    const planned = await run(home, "evaluate", [...withModel, "--dry-run"]);
    assert.match(planned.out, /128 samples to draw and 24 answers to score here, at no price/);
    assert.ok(!existsSync(join(home, "out", "summary.json")));

    const { code, out, err } = await run(home, "evaluate", withModel);
    assert.equal(code, 0, err);
    const { summary, judging, judge } = JSON.parse(
      Deno.readTextFileSync(join(home, "out/summary.json")),
    );
    assert.equal(judge.provider, "gold");
    assert.match(judge.sha256, /^[0-9a-f]{64}$/);
    assert.equal(summary.agreement, 1);
    // The reference answers "7" to all: no sentiment, or the worst where it is not fluent.
    const wins = judging.scores.map(({ answer, baseline }: { answer: number; baseline: number }) =>
      answer > baseline ? 1 : answer === baseline ? 0.5 : 0
    );
    assert.equal(summary.winRate, wins.reduce((a: number, b: number) => a + b) / 12);
    assert.ok(judging.scores.some(({ answer }: { answer: number }) => answer > 0));
    assert.match(out, /24 answers scored by sentiment; not fluent \(below -[\d.]+ nats a token\)/);
    const again = await run(home, "evaluate", withModel);
    assert.equal(again.out, out);
  });
});

Deno.test("compare --answer-judge: win rates beside the held-out metrics, from kept answers, asked once", async () => {
  await withTempDir(async (home) => {
    await makeTinyModelFolder(join(home, "model"), { seed: 7 });
    await Deno.writeTextFile(join(home, "pairs.jsonl"), jsonLines(tinyPairs(30, 3)));
    await using server = serveJudge(fickle);
    const methods = [
      ...["--model", "model", "--data", "pairs.jsonl", "--out", "out", "--methods", "plain,select"],
      ...["--seeds", "2", "--lr", "0.02", "--batch", "6", "--rank", "4", "--iterations", "2"],
      ...["--max-new-tokens", "16", "--samples-per-prompt", "2", "--jobs", "1"],
    ];
    const judge = [
      ...["--answer-judge", "openai", "--judge-model", "judge", "--judge-url", `${server.url}/v1`],
    ];
    const first = await run(home, "compare", methods);
    assert.equal(first.code, 0, first.err);
    const records = Deno.readTextFileSync(join(home, "out/records/compare.jsonl"));
    assert.equal(server.questions.length, 0);

    const judged = await run(home, "compare", [...methods, ...judge]);
    assert.equal(judged.code, 0, judged.err);
    assert.match(judged.out, /4 runs: 4 found, 0 done, 0 failed/);
    assert.match(
      judged.out,
      /judged by judge \(openai\), win rate against plain:\n {2}select: 0\.\d/,
    );
    assert.equal(Deno.readTextFileSync(join(home, "out/records/compare.jsonl")), records);
    const [head = "", row = ""] = Deno.readTextFileSync(join(home, "out/tables/compare_judged.csv"))
      .split("\n");
    const columns = head.split(",");
    const value = (name: string) => Number(row.split(",")[columns.indexOf(name)]);
    assert.equal(value("seeds"), 2);
    const asked = new Set(server.questions.map(({ user }) => user.replaceAll(/<<\w+/g, ""))).size;
    assert.ok(value("comparisons") > 0 && asked <= 2 * value("comparisons"));
    assert.ok(value("win_rate") > 0 && value("win_rate") < 1);
    const report = Deno.readTextFileSync(join(home, "out/report.html"));
    assert.match(report, /Judged win rates[^]*orders agree[^]*against plain/);

    const before = server.questions.length;
    const again = await run(home, "compare", [...methods, ...judge]);
    assert.equal(again.code, 0, again.err);
    assert.equal(server.questions.length, before);
    assert.equal(Deno.readTextFileSync(join(home, "out/report.html")), report);
  });
});
