/**
 * The whole way of the paper with a pretrained model: `sft`, `data`, `align`, `evaluate` on a file in
 * UltraFeedback's schema, with SmolLM2 and a local judge. A chain that is killed once in each step
 * and continued by the same commands ends as one that is left alone, and pays no judge call twice.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { sha256 } from "../../lib/files/fingerprint.ts";
import { projectRoot } from "../../lib/engine/layout.ts";
import { type AskedQuestion, serveJudge } from "../support/judge_server.ts";
import { smollm2Path } from "../support/smollm2.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { jsonLines } from "../support/tiny_pairs.ts";

const THINGS = ["the sea", "a red door", "the moon", "fresh bread", "an old map", "green tea"];
/** Pairs that `data` keeps, and those that it leaves out for their small gaps of scores. */
const PAIRS = 8, DROPPED = 3000;
const PROMPTS = 3;

const user = (content: string) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });

/** Records in UltraFeedback Binarized's schema. */
function ultraFeedback() {
  return Array.from({ length: PAIRS + DROPPED }, (_, i) => {
    const thing = THINGS[i % THINGS.length] as string;
    const prompt = `Say something about ${thing}. (${i})`;
    const [good, bad] = [`I like ${thing}, it is lovely.`, "No."];
    return {
      ...{ prompt, prompt_id: String(i), messages: [user(prompt), assistant(good)] },
      chosen: [user(prompt), assistant(good)],
      rejected: [user(prompt), assistant(bad)],
      ...{ score_chosen: i < PAIRS ? 8 : 5.5, score_rejected: 5 },
    };
  });
}

/** A step of a chain: its arguments, and a file and text of it that say that it is half done. */
interface Step {
  readonly name: "sft" | "data" | "align" | "evaluate";
  readonly args: readonly string[];
  readonly out: string;
  readonly isHalfDone: (out: string) => boolean;
}

function linesOf(path: string): number {
  return existsSync(path) ? Deno.readTextFileSync(path).split("\n").length - 1 : 0;
}

/** The steps, each on what the one before it left. */
function steps(home: string, data: string, prompts: string, judgeUrl: string): Step[] {
  const at = (name: string) => join(home, name);
  const tuned = join(at("sft"), "model");
  const lora = ["--rank", "2", "--targets", "q_proj,v_proj", "--checkpoint-seconds", "0"];
  return [
    {
      ...{ name: "sft", out: at("sft") },
      args: [
        ...["--model", smollm2Path as string, "--data", data, "--limit", String(PAIRS), "--merge"],
        ...["--steps", "4", "--batch", "2", "--lr", "0.01", "--held-out", "0", ...lora],
      ],
      isHalfDone: (out) => linesOf(join(out, "steps.jsonl")) >= 2,
    },
    {
      ...{ name: "data", out: at("data") },
      args: [
        ...["--data", data, "--model", tuned, "--min-gap", "1", "--max-length", "128"],
        ...["--flip-labels", "0.25"],
      ],
      isHalfDone: (out) => existsSync(out) && [...Deno.readDirSync(out)].length > 0,
    },
    {
      ...{ name: "align", out: at("align") },
      args: [
        ...["--model", tuned, "--data", join(at("data"), "train.jsonl"), "--iterations", "2"],
        ...["--steps", "2", "--batch", "2", "--lr", "0.005", "--evaluation-prompts", "0"],
        ...["--responses", "3", "--max-new-tokens", "12", "--on-policy", "0.25"],
        ...["--held-out", "0.2", ...lora],
      ],
      isHalfDone: (out) => linesOf(join(out, "steps", "iteration-2.jsonl")) >= 1,
    },
    {
      ...{ name: "evaluate", out: at("evaluation") },
      args: [
        ...["--prompts", prompts, "--model", tuned, "--adapter", join(at("align"), "adapter")],
        ...[
          "--baseline-model",
          tuned,
          "--max-new-tokens",
          "10",
          "--temperature",
          "1",
          "--judge",
          "openai",
        ],
        ...["--judge-model", "judge", "--judge-url", judgeUrl, "--judge-concurrency", "1"],
      ],
      isHalfDone: (out) =>
        existsSync(join(out, "replies.jsonl")) &&
        Deno.readTextFileSync(join(out, "replies.jsonl")).split('"reply":').length - 1 >= PROMPTS,
    },
  ];
}

/** Starts a step; the key tells the judge's server which chain asks. */
function start({ name, args, out }: Step, key: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--quiet", "--no-check", `experiments/commands/${name}/main.ts`],
      ...[...args, "--out", out],
    ],
    ...{ cwd: projectRoot, stdout: "piped", stderr: "piped" },
    env: {
      ...{ SERA_THREADS: "1", SERA_CACHE: join(dirname(out), "cache") },
      ...{ NO_COLOR: "1", OPENAI_API_KEY: key },
    },
  }).spawn();
}

async function finish(step: Step, key: string): Promise<void> {
  const { code, stderr } = await start(step, key).output();
  assert.equal(code, 0, `${step.name}: ${new TextDecoder().decode(stderr)}`);
}

/** Kills a step as soon as it is half done. */
async function killHalfDone(step: Step, key: string): Promise<void> {
  const child = start(step, key);
  let isRunning = true;
  const ended = child.output().finally(() => isRunning = false);
  while (isRunning && !step.isHalfDone(step.out)) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  if (isRunning) child.kill("SIGKILL");
  const { signal, stderr } = await ended;
  assert.equal(signal, "SIGKILL", `${step.name}: ${new TextDecoder().decode(stderr)}`);
  for (const last of ["record.json", "summary.json"]) {
    assert.ok(!existsSync(join(step.out, last)), `${step.name} was killed when it had finished`);
  }
}

/** A text file without the name of its chain's folder; the hash of any other. */
function contentOf(home: string, name: string): string {
  const path = join(home, name);
  return path.endsWith(".safetensors")
    ? sha256(Deno.readFileSync(path))
    : Deno.readTextFileSync(path).replaceAll(home, "");
}

const jsonOf = (...path: string[]) => JSON.parse(Deno.readTextFileSync(join(...path)));

/** What the chain made. */
function resultsOf(home: string) {
  // A commit may come while the test runs.
  const { commit: _commit, ...summary } = jsonOf(home, "evaluation", "summary.json");
  const { callSeconds: _seconds, repliesLost: _lost, ...judging } = summary.judging;
  const { steps, iterations, config } = jsonOf(home, "align", "record.json");
  return {
    files: Object.fromEntries(
      [
        ...["sft/adapter/adapter_model.safetensors", "sft/model/model.safetensors"],
        ...["data/train.jsonl", "data/flips.jsonl", "data/dropped.jsonl"],
        ...["align/adapter/adapter_model.safetensors", "align/generated.jsonl"],
        ...["align/selection/iteration-2.jsonl", "evaluation/answers.jsonl"],
        ...["evaluation/baseline.jsonl", "evaluation/judgements.jsonl"],
      ].map((name) => [name, contentOf(home, name)]),
    ),
    ...{ losses: jsonOf(home, "sft", "record.json").losses, steps, iterations, config },
    summary: { ...summary, judging },
  };
}

Deno.test({
  name:
    "sft, data, align and evaluate, each killed once: the results of a chain left alone, no call repeated",
  ignore: smollm2Path === undefined,
  fn: async () => {
    await withTempDir(async (dir) => {
      const data = join(dir, "ultrafeedback.jsonl"), prompts = join(dir, "prompts.json");
      await Deno.writeTextFile(data, jsonLines(ultraFeedback()));
      const set = THINGS.slice(0, PROMPTS).map((thing) => ({
        ...{ instruction: `What do you think of ${thing}?`, dataset: "own" },
      }));
      await Deno.writeTextFile(prompts, JSON.stringify(set));

      // The killed chain's judge falls silent after PROMPTS answers, until it is to go on.
      const answered = { whole: [] as AskedQuestion[], killed: [] as AskedQuestion[] };
      let silent = true;
      await using server = serveJudge((question) => {
        const chain = question.headers.get("authorization")?.includes("killed")
          ? "killed"
          : "whole";
        if (chain === "killed" && silent && answered.killed.length >= PROMPTS) {
          return new Promise<Response>(() => {});
        }
        answered[chain].push(question);
        const { first, second } = question;
        return {
          verdict: first === second ? "tie" : first.length > second.length ? "first" : "second",
        };
      });
      const chain = (name: string) => steps(join(dir, name), data, prompts, `${server.url}/v1`);

      const whole = async () => {
        for (const step of chain("whole")) await finish(step, "key-of-whole");
      };
      const killed = async () => {
        for (const step of chain("killed")) {
          await killHalfDone(step, "key-of-killed");
          if (step.name === "evaluate") silent = false;
          await finish(step, "key-of-killed");
        }
      };
      await Promise.all([whole(), killed()]);

      const expected = resultsOf(join(dir, "whole"));
      assert.notEqual(expected.files["align/generated.jsonl"], "", "nothing was bootstrapped");
      assert.deepEqual(resultsOf(join(dir, "killed")), expected);
      const bodies = (name: keyof typeof answered) =>
        answered[name].map(({ body }) => JSON.stringify(body)).sort();
      // Equal answers are one question in both orders: there may be fewer than two a prompt.
      assert.ok(bodies("whole").length > PROMPTS, "there was nothing left to ask after the kill");
      assert.deepEqual(bodies("killed"), bodies("whole"), "a call was repeated or left out");
      assert.equal(new Set(bodies("killed")).size, bodies("killed").length);
    });
  },
});
