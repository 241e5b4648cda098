/** `evaluate` where a model changed, difficulties are of other instructions, or a question is refused. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { loraTensorName, saveLoraAdapter } from "../../lib/policy/io/peft.ts";
import { refusal, serveJudge } from "../support/judge_server.ts";
import { runScript } from "../support/run_script.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { makeTinyModelFolder, TINY_CONFIG } from "../support/tiny_model.ts";
import { jsonLines } from "../support/tiny_pairs.ts";

const SIZE = 12;

/** An adapter of rank 1 with these values everywhere. */
async function makeAdapter(dir: string, value: number): Promise<void> {
  const module = "self_attn.k_proj";
  const shapes = { A: [1, 16], B: [8, 1] } as const;
  const tensors = [0, 1].flatMap((layer) =>
    (["A", "B"] as const).map((part) =>
      [loraTensorName(TINY_CONFIG, layer, module, part), {
        shape: shapes[part],
        data: new Float32Array(Math.max(...shapes[part])).fill(value),
      }] as const
    )
  );
  await saveLoraAdapter(dir, {
    ...{ rank: 1, alpha: 1, dropout: 0, targetModules: ["k_proj"], baseModel: "model" },
    tensors: new Map(tensors),
  });
}

/** Runs `evaluate` in a folder with a judge that likes the longer answer. */
async function withEvaluate(
  use: (
    home: string,
    evaluate: (args: readonly string[]) => ReturnType<typeof runScript>,
    server: ReturnType<typeof serveJudge>,
  ) => Promise<void>,
  isRefused: (user: string) => boolean = () => false,
): Promise<void> {
  await withTempDir(async (home) => {
    await using server = serveJudge(({ user, first, second }) =>
      isRefused(user) ? refusal(400, "content_filter") : {
        verdict: first.length === second.length
          ? "tie"
          : first.length > second.length
          ? "first"
          : "second",
      }
    );
    await use(home, (args) =>
      runScript("evaluate", [
        ...["--judge", "openai", "--judge-model", "judge", "--judge-url", `${server.url}/v1`],
        ...["--out", join(home, "out"), ...args],
        ...(args.includes("--model") ? ["--max-new-tokens", "6"] : []),
      ]), server);
  });
}

const numbers = Array.from({ length: SIZE }, (_, i) => i);
/** AlpacaEval's schema, with reference answers of several lengths. */
const SET = jsonLines(numbers.map((i) => ({
  ...{ instruction: `Name prime ${i}.`, output: "7".repeat(1 + i % 3) },
})));
const ANSWERS = jsonLines(numbers.map((i) => ({ output: "x".repeat(1 + (i * 5) % 4) })));

Deno.test("evaluate: a model or an adapter that was trained anew is refused by name", () =>
  withEvaluate(async (home, evaluate) => {
    const [model, adapter, prompts] = ["model", "adapter", "set.jsonl"].map((n) =>
      join(home, n)
    ) as [string, string, string];
    await makeTinyModelFolder(model, { seed: 1 });
    await makeAdapter(adapter, 0.1);
    await Deno.writeTextFile(prompts, SET);
    const args = ["--prompts", prompts, "--limit", "2", "--model", model];
    const both = [...args, "--baseline-model", model, "--baseline-adapter", adapter];
    const first = await evaluate(both);
    assert.equal(first.code, 0, first.stderr);
    const { config } = JSON.parse(Deno.readTextFileSync(join(home, "out/config.json")));
    assert.equal(config.answers.modelSha256, config.baseline.modelSha256);
    assert.equal(config.answers.adapterSha256, null);
    assert.match(config.baseline.adapterSha256, /^[0-9a-f]{64}$/);
    assert.equal((await evaluate(both)).code, 0);

    const answers = Deno.readTextFileSync(join(home, "out/baseline.jsonl"));
    await makeAdapter(adapter, 0.2);
    const other = await evaluate(both);
    assert.equal(other.code, 1);
    assert.match(
      other.stderr,
      /holds a run with other options: baseline\.adapterSha256 was "[0-9a-f]+.*, is "[^;]*; choose another --out/,
    );
    await makeAdapter(adapter, 0.1);
    await makeTinyModelFolder(model, { seed: 2 });
    const anew = await evaluate(both);
    assert.equal(anew.code, 1);
    assert.match(anew.stderr, /answers\.modelSha256 was .*; baseline\.modelSha256 was /);
    assert.equal(Deno.readTextFileSync(join(home, "out/baseline.jsonl")), answers);
  }));

Deno.test("evaluate: --gamed is for AlpacaEval's instructions alone, checked before the judge is asked", () =>
  withEvaluate(async (home, evaluate, server) => {
    const at = (name: string) => join(home, name);
    const gamed = (indexes: readonly number[], from = 0) =>
      "index,preference,std_delta_len,instruction_difficulty\n" +
      [1.5, -1.5].flatMap((delta) =>
        indexes.map((i) => `${from + i},${(i % 3) / 2},${delta},${i / 10}\n`)
      )
        .join("");
    await Deno.writeTextFile(at("set.jsonl"), SET);
    await Deno.writeTextFile(at("answers.jsonl"), ANSWERS);
    await Deno.writeTextFile(at("whole.csv"), gamed(numbers));
    await Deno.writeTextFile(at("five.csv"), gamed(numbers.slice(0, 5)));
    await Deno.writeTextFile(
      at("vicuna.jsonl"),
      jsonLines(numbers.map((i) => ({ question_id: i, category: "x", text: `Question ${i}` }))),
    );
    const vicuna = await evaluate([
      ...["--prompts", at("vicuna.jsonl"), "--answers", at("answers.jsonl")],
      ...["--baseline", at("answers.jsonl"), "--gamed", at("whole.csv")],
    ]);
    assert.equal(vicuna.code, 1);
    assert.match(
      vicuna.stderr,
      /AlpacaEval's instructions, but the set is in the schema of Vicuna/,
    );
    const judged = ["--prompts", at("set.jsonl"), "--answers", at("answers.jsonl")];
    const five = await evaluate([...judged, "--gamed", at("five.csv")]);
    assert.equal(five.code, 1);
    assert.match(five.stderr, /five\.csv has no row with index 5, that of instruction 5/);
    assert.equal(server.questions.length, 0);

    const without = await evaluate(judged);
    assert.match(
      without.stdout,
      /length-controlled win rate [\d.]+ % \(length_controlled_minimal; no standard error, as/,
    );
    const control = () =>
      JSON.parse(Deno.readTextFileSync(at("out/summary.json"))).summary.lengthControlled;
    assert.equal(control().standardError, null);
    const leaderboard = await evaluate([...judged, "--gamed", at("whole.csv")]);
    assert.match(
      leaderboard.stdout,
      /length-controlled win rate [\d.]+ % ± [\d.]+ \(length_controlled_v1\)/,
    );
    assert.ok(control().standardError > 0);

    // The last of AlpacaEval's instructions, as they are numbered: their own difficulties.
    const expected = control();
    const numbered = SET.trim().split("\n").map((line, i) => ({
      ...JSON.parse(line),
      index: 793 + i,
    }));
    await Deno.writeTextFile(at("last.jsonl"), jsonLines(numbered));
    await Deno.writeTextFile(at("last.csv"), gamed(numbers, 793));
    const last = await evaluate([
      ...["--prompts", at("last.jsonl"), "--answers", at("answers.jsonl")],
      ...["--gamed", at("last.csv")],
    ]);
    assert.equal(last.code, 0, last.stderr);
    assert.deepEqual(control(), expected);
  }));

Deno.test("evaluate: instructions that repeat are answered and judged; a wrong file is named before answers are generated", () =>
  withEvaluate(async (home, evaluate) => {
    const at = (name: string) => join(home, name);
    await makeTinyModelFolder(at("model"), { seed: 1 });
    const texts = ["Name a prime.", "Greet me.", "Name a prime.", "Name a prime."];
    await Deno.writeTextFile(
      at("set.jsonl"),
      jsonLines(texts.map((instruction) => ({ instruction, output: "7" }))),
    );
    await Deno.writeTextFile(at("short.jsonl"), jsonLines([{ output: "7" }, { output: "7" }]));
    const args = [
      ...["--prompts", at("set.jsonl"), "--model", at("model"), "--temperature", "1"],
      ...["--batch", "2"],
    ];
    const short = await evaluate([...args, "--baseline", at("short.jsonl")]);
    assert.equal(short.code, 1);
    assert.match(short.stderr, /short\.jsonl has no answer to instruction 2/);
    assert.ok(!existsSync(at("out/answers.jsonl")));

    const lines = (name: string) =>
      Deno.readTextFileSync(at(name)).trim().split("\n").map((line) => JSON.parse(line));
    const whole = await evaluate(args);
    assert.equal(whole.code, 0, whole.stderr);
    const answers = lines("out/answers.jsonl");
    assert.deepEqual(answers.map(({ instruction }) => instruction), texts);
    const judged = lines("out/judgements.jsonl");
    assert.deepEqual(
      judged.map(({ answer }) => answer),
      answers.map(({ output }) => output),
    );
    // Stopped in between, the second of the same text is not taken for the first.
    const kept = Deno.readTextFileSync(at("out/answers.jsonl"));
    await Deno.writeTextFile(
      at("out/answers.jsonl"),
      kept.split("\n").slice(0, 3).join("\n") + "\n",
    );
    const rest = await evaluate(args);
    assert.equal(rest.code, 0, rest.stderr);
    assert.equal(Deno.readTextFileSync(at("out/answers.jsonl")), kept);
  }));

Deno.test("evaluate: a question that the judge refuses is left out, counted and named, and not asked again", () =>
  withEvaluate(
    async (home, evaluate, server) => {
      await Deno.writeTextFile(join(home, "set.jsonl"), SET);
      await Deno.writeTextFile(join(home, "answers.jsonl"), ANSWERS);
      const args = ["--prompts", join(home, "set.jsonl"), "--answers", join(home, "answers.jsonl")];
      const { code, stdout, stderr } = await evaluate(args);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /11 comparisons, 1 without a verdict/);
      assert.match(
        stdout,
        /refused by the judge and left out: 4 \(answer first\): 400 content_filter; 4 \(baseline/,
      );
      const { judging, summary } = JSON.parse(
        Deno.readTextFileSync(join(home, "out/summary.json")),
      );
      assert.equal(summary.unjudged, 1);
      assert.deepEqual(judging.refused, [
        { id: "4", order: "answer first", reason: "400 content_filter", askedAgain: false },
        { id: "4", order: "baseline first", reason: "400 content_filter", askedAgain: false },
      ]);
      const asked = server.questions.length;
      const again = await evaluate(args);
      assert.match(again.stderr, /every verdict is there already/);
      assert.equal(again.stdout, stdout);
      assert.equal(server.questions.length, asked);
    },
    (user) => user.includes("Name prime 4."),
  ));

Deno.test("evaluate: refusals that no reply followed are said to be asked again, and are", async () => {
  let hasCredit = false;
  await withEvaluate(
    async (home, evaluate) => {
      await Deno.writeTextFile(join(home, "set.jsonl"), SET);
      await Deno.writeTextFile(join(home, "answers.jsonl"), ANSWERS);
      const args = ["--prompts", join(home, "set.jsonl"), "--answers", join(home, "answers.jsonl")];
      const poor = await evaluate([...args, "--judge-concurrency", "1"]);
      assert.equal(poor.code, 0, poor.stderr);
      assert.match(poor.stdout, /11 comparisons, 1 without a verdict/);
      assert.match(
        poor.stdout,
        /no reply followed these, as where credit runs out: the same command asks them again/,
      );
      hasCredit = true;
      const rich = await evaluate(args);
      assert.match(rich.stderr, /2 questions to the judge/);
      assert.match(rich.stdout, /12 comparisons, 0 without a verdict/);
    },
    (user) => !hasCredit && user.includes("Name prime 11."),
  );
});
