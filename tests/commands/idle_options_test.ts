/** Options that a command would ignore are refused, as `align` refuses its own. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { idleOptions as idleOfCompare } from "../../experiments/commands/compare/idle_options.ts";
import { compareCommand } from "../../experiments/commands/compare/options.ts";
import { idleOptions as idleOfData } from "../../experiments/commands/data/idle_options.ts";
import { dataCommand } from "../../experiments/commands/data/options.ts";
import { idleOptions as idleOfEvaluate } from "../../experiments/commands/evaluate/idle_options.ts";
import { evaluateCommand } from "../../experiments/commands/evaluate/options.ts";
import { idleOptions as idleOfGenerate } from "../../experiments/commands/generate/idle_options.ts";
import { generateCommand } from "../../experiments/commands/generate/options.ts";
import { idleOptions as idleOfReproduce } from "../../experiments/commands/reproduce/idle_options.ts";
import { reproduceCommand } from "../../experiments/commands/reproduce/options.ts";
import { idleOptions as idleOfScore } from "../../experiments/commands/score/idle_options.ts";
import { scoreCommand } from "../../experiments/commands/score/options.ts";
import { idleOptions as idleOfSelect } from "../../experiments/commands/select/idle_options.ts";
import { selectCommand } from "../../experiments/commands/select/options.ts";
import { idleOptions as idleOfSft } from "../../experiments/commands/sft/idle_options.ts";
import { sftCommand } from "../../experiments/commands/sft/options.ts";
import { type CommandSpec, parseCommand } from "../../lib/cli/command.ts";
import { configFileText } from "../../lib/cli/config_file.ts";
import { type IdleOptions, refuseIdle, valuesInForce } from "../../lib/cli/idle_options.ts";
import type { OptionTable, OptionValues } from "../../lib/cli/option.ts";
import { runScript } from "../support/run_script.ts";
import { withTempDir } from "../support/temp_dir.ts";

const OUT = ["--model", "/m", "--out", "/o"];
const PAIRS = [...OUT, "--data", "/d"], PROMPTS = [...OUT, "--prompts", "/p"];
const DATA = ["--data", "/d", "--out", "/o"];
const INDEXED = ["--plan", "p.tsv", "--index", "0"];
const ONE_RUN = "--index, which does one run of the plan";
const JUDGED = ["--prompts", "/p", "--out", "/o"];

/** Parses a command line after the required options, and refuses what would do nothing. */
function checkOf<O extends OptionTable>(
  command: CommandSpec<O>,
  required: readonly string[],
  idleOf: (options: OptionValues<O>) => IdleOptions<keyof O>,
): (...args: string[]) => void {
  return (...args) => {
    const { options, given } = parseCommand(command, [...required, ...args]);
    refuseIdle(idleOf(options), given);
  };
}

const checks = {
  sft: checkOf(sftCommand, PAIRS, idleOfSft),
  score: checkOf(scoreCommand, PAIRS, idleOfScore),
  generate: checkOf(generateCommand, PROMPTS, idleOfGenerate),
  data: checkOf(dataCommand, DATA, idleOfData),
  compare: checkOf(compareCommand, PAIRS, idleOfCompare),
  evaluate: checkOf(evaluateCommand, JUDGED, idleOfEvaluate),
  select: checkOf(selectCommand, DATA, idleOfSelect),
  reproduce: checkOf(reproduceCommand, [], idleOfReproduce),
};
type Name = keyof typeof checks;
const REQUIRED: Readonly<Record<Name, readonly string[]>> = {
  ...{ sft: PAIRS, score: PAIRS, generate: PROMPTS, reproduce: [], data: DATA, compare: PAIRS },
  ...{ evaluate: JUDGED, select: DATA },
};

const ALONE = "the model in this process (no --server)",
  NO_SLURM = "runs outside Slurm (no --executor slurm)",
  SERVER = ["--server", "http://s"],
  CHARACTERS = "lengths in characters (no --model)",
  NO_FLIPS = "no labels to flip (no --flip-labels)",
  NO_JUDGE = "no judge of answers (no --answer-judge)",
  GIVEN = "answers that are given (no --model, no --baseline-model)",
  ANSWERS = ["--answers", "/a", "--judge"],
  NO_PAST = "no past policy (no --history, no --candidates-history)",
  PAST = ["--history", "/h"],
  TWO_TERM = "--weighting two-term, which looks at two policies",
  UNIFORM = "--weighting uniform, which weights all policies alike";

/** Command, options beside its required ones, the one refused, and why. */
const REFUSED: readonly (readonly [Name, readonly string[], string, string])[] = [
  ["score", ["--server-model", "policy"], "--server-model", ALONE],
  ["score", ["--server-reference", "sft"], "--server-reference", ALONE],
  ["score", ["--concurrency", "4"], "--concurrency", ALONE],
  ["score", [...SERVER, "--max-rows", "64"], "--max-rows", "--server"],
  ["score", ["--beta", "1"], "--beta", "no reference (--reference, --adapter, --server-reference)"],
  ["generate", ["--server-model", "policy"], "--server-model", ALONE],
  ["generate", ["--server-reference", "sft"], "--server-reference", ALONE],
  ["generate", ["--timeout", "5"], "--timeout", ALONE],
  ["generate", [...SERVER, "--batch", "4"], "--batch", "--server"],
  ["generate", ["--greedy", "--temperature", "2"], "--temperature", "--greedy"],
  ["generate", ["--temperature", "0", "--top-p", "0.9"], "--top-p", "--temperature 0"],
  ["sft", ["--full", "--rank", "4"], "--rank", "--full"],
  ["sft", ["--full", "--lora-alpha", "4"], "--lora-alpha", "--full"],
  ["sft", ["--full", "--dropout", "0.1"], "--dropout", "--full"],
  ["sft", ["--full", "--targets", "q_proj"], "--targets", "--full"],
  ["sft", ["--full", "--merge"], "--merge", "--full"],
  ["sft", ["--train-on", "all", "--turns", "last"], "--turns", "--train-on all"],
  ["data", ["--max-length", "512"], "--max-length", CHARACTERS],
  ["data", ["--chat-template", "never"], "--chat-template", CHARACTERS],
  ["data", ["--flip-by", "gap", "--flip-temperature", "2"], "--flip-by", NO_FLIPS],
  ["data", ["--length-confound", "0.5", "--flip-temperature", "2"], "--flip-temperature", NO_FLIPS],
  [
    ...["data", ["--flip-labels", "0.1", "--flip-temperature", "2"]] as const,
    ...["--flip-temperature", "--flip-by uniform"] as const,
  ],
  ["compare", ["--judge-model", "j", "--max-cost", "5"], "--judge-model", NO_JUDGE],
  ["compare", ["--max-cost", "5"], "--max-cost", NO_JUDGE],
  [
    ...["compare", ["--answer-judge", "reward", "--judge-url", "http://j"]] as const,
    ...["--judge-url", "--answer-judge reward, which runs here"] as const,
  ],
  ["compare", ["--full", "--rank", "64"], "--rank", "--full"],
  [
    ...["compare", ["--methods", "plain,select", "--responses", "8"]] as const,
    ...["--responses", "--methods plain,select"] as const,
  ],
  [
    ...["compare", ["--methods", "plain,random", "--rule", "bottom"]] as const,
    ...["--rule", "--methods plain,random"] as const,
  ],
  ["compare", ["--methods", "plain,relabel", "--keep", "0.5"], "--keep", "--methods plain,relabel"],
  ["compare", ["--tau", "0.5"], "--tau", "--rule top"],
  ["compare", ["--weighting", "two-term", "--window", "3"], "--window", TWO_TERM],
  ["compare", ["--weighting", "uniform", "--gamma", "0.5"], "--gamma", UNIFORM],
  ["evaluate", [...ANSWERS, "openai", "--max-new-tokens", "64"], "--max-new-tokens", GIVEN],
  ["evaluate", [...ANSWERS, "reward", "--chat-template", "never"], "--chat-template", GIVEN],
  ["evaluate", [...ANSWERS, "gold", "--temperature", "1"], "--temperature", GIVEN],
  ["evaluate", [...ANSWERS, "openai", "--seed", "1"], "--seed", GIVEN],
  ["evaluate", [...ANSWERS, "openai", "--batch", "4"], "--batch", GIVEN],
  ["evaluate", [...ANSWERS, "openai", "--max-rows", "64"], "--max-rows", "--judge openai"],
  ["evaluate", [...ANSWERS, "reward", "--judge-seed", "1"], "--judge-seed", "--judge reward"],
  [
    ...["evaluate", [...ANSWERS, "gold", "--max-cost", "1"]] as const,
    ...["--max-cost", "--judge gold, which runs here"] as const,
  ],
  [
    "evaluate",
    [...ANSWERS, "openai", "--judge-own-temperature", "--judge-temperature", "1"],
    ...["--judge-temperature", "--judge-own-temperature"] as const,
  ],
  ["select", ["--gamma", "0.5"], "--gamma", NO_PAST],
  ["select", [...PAST, "--weighting", "two-term", "--window", "3"], "--window", TWO_TERM],
  ["select", [...PAST, "--weighting", "uniform", "--gamma", "0.5"], "--gamma", UNIFORM],
  ["reproduce", ["--partition", "cpu"], "--partition", NO_SLURM],
  ["reproduce", ["--account", "lab"], "--account", NO_SLURM],
  ["reproduce", ["--time", "30"], "--time", NO_SLURM],
  ["reproduce", ["--plan", "p.tsv", "--memory", "4G"], "--memory", NO_SLURM],
  ["reproduce", ["--gpus", "1"], "--gpus", NO_SLURM],
  ["reproduce", ["--executor", "local", "--array-limit", "9"], "--array-limit", NO_SLURM],
  ["reproduce", ["--attempts", "2"], "--attempts", NO_SLURM],
  ["reproduce", ["--executor", "slurm", "--jobs", "2"], "--jobs", "--executor slurm"],
  ["reproduce", ["--tables", "--reuse"], "--reuse", "--tables"],
  ["reproduce", ["--tables", "--plan", "p.tsv"], "--plan", "--tables"],
  ["reproduce", [...INDEXED, "--reuse"], "--reuse", ONE_RUN],
  ["reproduce", [...INDEXED, "--merge"], "--merge", ONE_RUN],
  ["reproduce", [...INDEXED, "--publish"], "--publish", ONE_RUN],
  ["reproduce", [...INDEXED, "--seeds", "3"], "--seeds", ONE_RUN],
];

Deno.test("options that would do nothing are refused, by both names", () => {
  for (const [name, args, option, reason] of REFUSED) {
    assert.throws(() => checks[name](...args), {
      message: `${option} has no effect with ${reason}: leave one of them out`,
    });
  }
});

Deno.test("options that do something together are taken", () => {
  checks.score();
  checks.score("--max-rows", "64", "--reference", "/r", "--beta", "1");
  checks.score("--adapter", "/a", "--beta", "1");
  checks.score(...SERVER, "--server-model", "p", "--server-reference", "sft", "--beta", "1");
  checks.generate("--batch", "4", "--temperature", "2", "--top-p", "0.9", "--top-k", "5");
  checks.generate(...SERVER, "--server-reference", "sft", "--concurrency", "4", "--timeout", "5");
  checks.generate("--greedy", "--responses", "2");
  checks.sft("--rank", "4", "--merge", "--turns", "last");
  checks.sft("--full", "--lr", "1e-5", "--train-on", "all");
  checks.data("--model", "/m", "--max-length", "512", "--chat-template", "never");
  checks.data("--flip-labels", "0.1", "--flip-by", "gap", "--flip-temperature", "2", "--seed", "1");
  const judge = ["--judge-model", "j", "--judge-url", "http://j", "--max-cost", "5"];
  checks.compare("--answer-judge", "openai", ...judge, "--judge-temperature", "1");
  checks.compare("--answer-judge", "gold", "--judge-model", "/sft", "--judge-seed", "1");
  checks.compare("--methods", "plain,select,sera", "--responses", "8", "--rule", "threshold");
  checks.compare("--methods", "plain,random", "--keep", "0.5", "--fixed", "--rank", "4");
  checks.compare("--methods", "sera,random", "--rule", "threshold", "--tau", "0", "--keep", "0.5");
  checks.compare("--weighting", "two-term", "--window", "2", "--gamma", "0.5");
  checks.compare("--weighting", "uniform", "--window", "5", "--gamma", "0");
  checks.evaluate("--model", "/m", "--judge", "openai", "--temperature", "1", "--seed", "3");
  checks.evaluate(...ANSWERS, "openai", "--baseline-model", "/m", "--max-new-tokens", "64");
  checks.evaluate(...ANSWERS, "gold", "--max-new-tokens", "64", "--chat-template", "never");
  checks.evaluate(...ANSWERS, "gold", "--judge-seed", "1", "--max-rows", "64");
  checks.select(...PAST, "--gamma", "0.5", "--window", "2", "--weighting", "two-term");
  checks.select("--candidates", "/c", "--candidates-history", "/h", "--gamma", "0.5");
  checks.reproduce("--jobs", "2", "--reuse");
  checks.reproduce("--plan", "p.tsv", "--merge", "--reuse");
  checks.reproduce("--executor", "slurm", "--partition", "cpu", "--time", "30", "--attempts", "2");
  checks.reproduce("--executor", "slurm", "--memory", "4G", "--array-limit", "9", "--reuse");
});

Deno.test("the commands refuse them as a usage error, before anything is read", async () => {
  for (const command of Object.keys(checks)) {
    const [name, args, option] = REFUSED.find(([name]) => name === command)!;
    const { code, stderr } = await runScript(name, [...REQUIRED[name], ...args]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, new RegExp(`${option} has no effect with`));
  }
});

Deno.test("sft's config file holds the options in force and can be given again", async () => {
  await withTempDir(async (dir) => {
    const path = join(dir, "config.yaml");
    await Deno.writeTextFile(path, "full: true\ntrain-on: all\nlr: 0.001\n");
    const args = [...PAIRS, "--config", path, "--force"];
    const { options } = parseCommand(sftCommand, args);
    const repeated = valuesInForce(sftCommand.options, options, idleOfSft(options));
    await Deno.writeTextFile(path, configFileText(sftCommand.options, repeated));
    const again = parseCommand(sftCommand, ["--config", path]);
    refuseIdle(idleOfSft(again.options), again.given);
    assert.deepEqual(again.options, { ...options, force: false });
  });
});

Deno.test("a default in a config file is no wish, as in the files that earlier versions wrote", async () => {
  await withTempDir(async (dir) => {
    const path = join(dir, "config.yaml");
    const { options } = parseCommand(dataCommand, DATA);
    await Deno.writeTextFile(path, configFileText(dataCommand.options, options));
    checks.data("--config", path);
    await Deno.writeTextFile(path, "max-length: 512\n");
    assert.throws(() => checks.data("--config", path), /max-length has no effect with/);
  });
});
