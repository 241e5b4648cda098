/** Options that a command would ignore are refused, as `align` refuses its own. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { idleOptions as idleOfGenerate } from "../../experiments/commands/generate/idle_options.ts";
import { generateCommand } from "../../experiments/commands/generate/options.ts";
import { idleOptions as idleOfReproduce } from "../../experiments/commands/reproduce/idle_options.ts";
import { reproduceCommand } from "../../experiments/commands/reproduce/options.ts";
import { idleOptions as idleOfScore } from "../../experiments/commands/score/idle_options.ts";
import { scoreCommand } from "../../experiments/commands/score/options.ts";
import { idleOptions as idleOfSft } from "../../experiments/commands/sft/idle_options.ts";
import { sftCommand } from "../../experiments/commands/sft/options.ts";
import { parseCommand } from "../../lib/cli/command.ts";
import { configFileText } from "../../lib/cli/config_file.ts";
import { refuseIdle, valuesInForce } from "../../lib/cli/idle_options.ts";
import { runScript } from "../support/run_script.ts";
import { withTempDir } from "../support/temp_dir.ts";

const OUT = ["--model", "/m", "--out", "/o"];
const PAIRS = [...OUT, "--data", "/d"], PROMPTS = [...OUT, "--prompts", "/p"];

const checks = {
  sft: (...args: string[]) => {
    const { options, given } = parseCommand(sftCommand, [...PAIRS, ...args]);
    refuseIdle(idleOfSft(options), given);
  },
  score: (...args: string[]) => {
    const { options, given } = parseCommand(scoreCommand, [...PAIRS, ...args]);
    refuseIdle(idleOfScore(options), given);
  },
  generate: (...args: string[]) => {
    const { options, given } = parseCommand(generateCommand, [...PROMPTS, ...args]);
    refuseIdle(idleOfGenerate(options), given);
  },
  reproduce: (...args: string[]) => {
    const { options, given } = parseCommand(reproduceCommand, args);
    refuseIdle(idleOfReproduce(options), given);
  },
};
type Name = keyof typeof checks;

const ALONE = "the model in this process (no --server)",
  NO_SLURM = "runs outside Slurm (no --executor slurm)",
  SERVER = ["--server", "http://s"];

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
  ["reproduce", ["--partition", "cpu"], "--partition", NO_SLURM],
  ["reproduce", ["--account", "lab"], "--account", NO_SLURM],
  ["reproduce", ["--time", "30"], "--time", NO_SLURM],
  ["reproduce", ["--plan", "p.tsv", "--memory", "4G"], "--memory", NO_SLURM],
  ["reproduce", ["--gpus", "1"], "--gpus", NO_SLURM],
  ["reproduce", ["--executor", "local", "--array-limit", "9"], "--array-limit", NO_SLURM],
  ["reproduce", ["--attempts", "2"], "--attempts", NO_SLURM],
  ["reproduce", ["--executor", "slurm", "--jobs", "2"], "--jobs", "--executor slurm"],
  ["reproduce", ["--tables", "--reuse"], "--reuse", "--tables"],
  ["reproduce", ["--plan", "p.tsv", "--index", "0", "--reuse"], "--reuse", "--index"],
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
  checks.reproduce("--jobs", "2", "--reuse");
  checks.reproduce("--plan", "p.tsv", "--merge", "--reuse");
  checks.reproduce("--executor", "slurm", "--partition", "cpu", "--time", "30", "--attempts", "2");
  checks.reproduce("--executor", "slurm", "--memory", "4G", "--array-limit", "9", "--reuse");
});

Deno.test("the commands refuse them as a usage error, before anything is read", async () => {
  for (const command of ["sft", "score", "generate", "reproduce"] as const) {
    const [name, args, option] = REFUSED.find(([name]) => name === command)!;
    const required = name === "reproduce" ? [] : name === "generate" ? PROMPTS : PAIRS;
    const { code, stderr } = await runScript(name, [...required, ...args]);
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
