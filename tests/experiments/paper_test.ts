/** The paper's tables: each resolves, plans, and starts on a tiny model of the same architecture. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { refuseIdleOptions } from "../../experiments/commands/align/idle_options.ts";
import { alignCommand } from "../../experiments/commands/align/options.ts";
import { idleOptions as idleOfData } from "../../experiments/commands/data/idle_options.ts";
import { dataCommand } from "../../experiments/commands/data/options.ts";
import { idleOptions as idleOfEvaluate } from "../../experiments/commands/evaluate/idle_options.ts";
import { evaluateCommand } from "../../experiments/commands/evaluate/options.ts";
import { idleOptions as idleOfSft } from "../../experiments/commands/sft/idle_options.ts";
import { sftCommand } from "../../experiments/commands/sft/options.ts";
import { checkJudge } from "../../experiments/paper/check_judge.ts";
import { planText } from "../../experiments/paper/plan_text.ts";
import { readTable, tableNames } from "../../experiments/paper/table_config.ts";
import { commandCost, measuredRates } from "../../experiments/paper/table_cost.ts";
import { type PlannedCommand, planTable } from "../../experiments/paper/table_plan.ts";
import { projectRoot } from "../../lib/engine/layout.ts";
import { refuseIdle } from "../../lib/cli/idle_options.ts";
import { parseCommand } from "../../lib/cli/command.ts";
import { weightBytes } from "../../lib/policy/memory.ts";
import { assertUserError } from "../support/errors.ts";
import { serveJudge } from "../support/judge_server.ts";
import { runScript } from "../support/run_script.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { makeTinyModelFolder } from "../support/tiny_model.ts";
import { jsonLines, tinyPairs } from "../support/tiny_pairs.ts";

/** Reads a command line as each command does. */
const REFUSE_IDLE = {
  sft: (args: readonly string[]) => {
    const { options, given } = parseCommand(sftCommand, args);
    refuseIdle(idleOfSft(options), given);
  },
  data: (args: readonly string[]) => {
    const { options, given } = parseCommand(dataCommand, args);
    refuseIdle(idleOfData(options), given);
  },
  align: (args: readonly string[]) => {
    const { options, given } = parseCommand(alignCommand, args);
    refuseIdleOptions(options, given);
  },
  evaluate: (args: readonly string[]) => {
    const { options, given } = parseCommand(evaluateCommand, args);
    refuseIdle(idleOfEvaluate(options), given);
  },
} as const;

const user = (content: string) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });

/** Files in UltraChat-200K's and UltraFeedback Binarized's schemas. */
async function writeData(dir: string) {
  const pairs = tinyPairs(30, 3), sftData = join(dir, "chat.jsonl"), data = join(dir, "uf.jsonl");
  await Deno.writeTextFile(
    sftData,
    jsonLines(pairs.map(({ prompt, chosen }, i) => ({
      ...{ prompt, prompt_id: String(i) },
      messages: [user(prompt), assistant(chosen), user("more"), assistant(chosen)],
    }))),
  );
  await Deno.writeTextFile(
    data,
    jsonLines(pairs.map(({ prompt, chosen, rejected }, i) => ({
      ...{ prompt, prompt_id: String(i), messages: [user(prompt), assistant(chosen)] },
      chosen: [user(prompt), assistant(chosen)],
      rejected: [user(prompt), assistant(rejected)],
      ...{ score_chosen: 8, score_rejected: 4 + i / 20 },
    }))),
  );
  return { sftData, data };
}

/** The judging of a run, by a local server and on two instructions. */
async function judgeOnce(dir: string, { command, args, folder }: PlannedCommand) {
  assert.equal(command, "evaluate");
  const prompts = join(dir, "alpaca_eval.json");
  await Deno.writeTextFile(
    prompts,
    JSON.stringify([{ instruction: "Name a sea." }, { instruction: "Name a tea." }]),
  );
  await using server = serveJudge(({ first, second }) => ({
    verdict: first === second ? "tie" : first < second ? "first" : "second",
  }));
  const { code, stderr } = await runScript(command, [
    ...[...args, "--prompts", prompts, "--judge-url", `${server.url}/v1`],
    ...["--max-new-tokens", "8"],
  ]);
  assert.equal(code, 0, stderr);
  // Equal answers are one question in both orders.
  const asked = server.charged.map(({ user }) => user);
  assert.ok(asked.length >= 2 && asked.length <= 4);
  assert.equal(new Set(asked).size, asked.length);
  assert.equal(server.charged[0]!.body.model, "gpt-4o");
  const { summary } = JSON.parse(await Deno.readTextFile(join(folder, "summary.json")));
  assert.equal(summary.comparisons, 2);
}

Deno.test("there is a table for losses, noise, parts and the ensemble", () => {
  assert.deepEqual(tableNames(), ["ensemble", "losses", "noise", "parts"]);
});

Deno.test("the models have the published sizes", () => {
  const { models } = readTable("losses");
  assert.equal(weightBytes(models.tinyllama!.config) / 4, 1_100_048_384);
  assert.equal(weightBytes(models.mistral!.config) / 4, 7_241_732_096);
  assert.equal(models.mistral!.config.slidingWindow, 4096);
});

for (const name of tableNames()) {
  Deno.test(`paper table ${name} resolves and plans, its cost scales with its tokens`, () => {
    const table = readTable(name), rates = measuredRates();
    const plan = planTable(table, "runs/paper");
    const { length: models } = Object.keys(table.models);
    const runs = table.noise.length * table.arms.length * table.seeds;
    assert.equal(plan.length, models * (2 + 2 * runs));
    for (const { command, args } of plan) {
      REFUSE_IDLE[command](args);
    }
    assert.equal(new Set(plan.map(({ folder }) => folder)).size, plan.length);
    const twice = { ...table, size: { ...table.size, pairs: 2 * table.size.pairs } };
    for (const step of plan) {
      const [once, double] = [table, twice].map((each) => commandCost(each, step, rates).seconds);
      if (step.command === "align") assert.ok(Math.abs(double! / once! - 2) < 1e-9);
      else assert.equal(double, once);
      assert.ok(step.command === "data" ? once === 0 : once! > 0);
    }
    const text = planText(table, plan, rates);
    assert.match(text, /paper's: /);
    assert.match(text, /ours: /);
    assert.match(text, /EFLOP, \d+ questions to the judge/);
  });

  Deno.test(`paper table ${name} starts on a tiny model of each architecture`, async () => {
    await withTempDir(async (dir) => {
      const files = await writeData(dir);
      const table = readTable(name);
      for (const [label, { config }] of Object.entries(table.models)) {
        const model = join(dir, `tiny-${label}`);
        await makeTinyModelFolder(model, {
          seed: 1,
          config: {
            ...{ kvHeads: 1, tieEmbeddings: config.tieEmbeddings },
            ...(config.architecture !== undefined && { architecture: config.architecture }),
            ...(config.slidingWindow !== undefined && { slidingWindow: 16 }),
          },
        });
        const plan = planTable({ ...table, models: { [label]: table.models[label]! } }, dir, {
          ...{ model, ...files, steps: 1, maxLength: 128 },
        });
        for (const { command, args, bootstraps } of plan.slice(0, 3)) {
          const trial = command !== "align" ? args : [
            ...[...args, "--iterations", "2", "--max-new-tokens", "64"],
            ...["--evaluation-prompts", "2", ...(bootstraps ? ["--responses", "16"] : [])],
          ];
          const { code, stderr } = await runScript(command, trial);
          assert.equal(code, 0, `${command}: ${stderr}`);
        }
        const record = JSON.parse(
          await Deno.readTextFile(join(plan[2]!.folder, "record.json")),
        );
        assert.equal(record.iterations.length, 2);
        // The task finds what is there, and goes on from it: of its first model, whose folder that is.
        if (label !== Object.keys(table.models)[0]) continue;
        await judgeOnce(dir, plan[3]!);
        const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
          args: [
            ...["run", "-A", "--no-check", "--quiet", `${projectRoot}experiments/paper/main.ts`],
            ...[name, "--run", "--first", "1", "--out", dir, "--model", model, "--steps", "1"],
            ...["--sft-data", files.sftData, "--data", files.data, "--max-length", "128"],
          ],
          env: { SERA_THREADS: "1" },
          stdin: "null",
        }).output();
        assert.equal(code, 0, new TextDecoder().decode(stderr));
        assert.match(new TextDecoder().decode(stdout), /finished already/);
      }
    });
  });
}

Deno.test("what the judge lacks is found before the first command", () =>
  withTempDir(async (dir) => {
    const table = readTable("noise");
    const plan = planTable(table, dir);
    const withPrompts = { ...table, judge: { ...table.judge, prompts: join(dir, "prompts.json") } };
    await assertUserError(() => checkJudge(withPrompts, plan), "noise", "prompts.json");
    checkJudge(withPrompts, plan.slice(0, 3));
    Deno.writeTextFileSync(join(dir, "prompts.json"), "[]");
    const own = { ...withPrompts.judge, "judge-url": "http://localhost:8000/v1" };
    checkJudge({ ...withPrompts, judge: own }, plan);
    if (Deno.env.get("OPENAI_API_KEY")) return;
    await assertUserError(() => checkJudge(withPrompts, plan), "OPENAI_API_KEY");
  }));

Deno.test("one's own pairs may be in any schema", () => {
  const plan = planTable(readTable("noise"), "runs", { data: "pairs.jsonl" });
  const { args } = plan.find(({ command }) => command === "data") as PlannedCommand;
  assert.equal(args[args.indexOf("--schema") + 1], "auto");
});

Deno.test("a table that is not there is named", () =>
  assertUserError(() => readTable("nothing"), "experiments/paper/nothing.yaml"));
