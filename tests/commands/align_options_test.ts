import assert from "node:assert/strict";
import { seraOptionsOf, settingOf } from "../../experiments/commands/align/configure.ts";
import {
  optionsInForce,
  refuseIdleOptions,
} from "../../experiments/commands/align/idle_options.ts";
import { alignCommand } from "../../experiments/commands/align/options.ts";
import { evaluateCommand } from "../../experiments/commands/evaluate/options.ts";
import { generateCommand } from "../../experiments/commands/generate/options.ts";
import { helpText, parseCommand } from "../../lib/cli/command.ts";
import { configFileText } from "../../lib/cli/config_file.ts";
import { preferenceFile } from "../../lib/environments/preference_file/environment.ts";
import { defaultSeraConfig, seraConfig } from "../../lib/sera/config.ts";
import { methodNames, methods } from "../../lib/sera/methods.ts";
import { withTempDir } from "../support/temp_dir.ts";

const parsed = (...args: string[]) =>
  parseCommand(alignCommand, ["--model", "/m", "--data", "/d", "--out", "/o", ...args]);
const parse = (...args: string[]) => parsed(...args).options;
const config = (...args: string[]) => seraConfig(seraOptionsOf(parse(...args)));

Deno.test("without options align runs the default config on the environment's default setting", () => {
  assert.deepEqual(config(), defaultSeraConfig);
  const usual = { ...preferenceFile.defaults, wholePrompts: true, evaluationDraw: "seeded" };
  assert.deepEqual(settingOf(parse()), { ...usual, model: "/m", data: "/d" });
});

Deno.test("every method is that of the library, and --help tells of each", () => {
  const help = helpText(alignCommand);
  for (const name of methodNames) {
    assert.deepEqual(config("--method", name), seraConfig(methods[name]));
    assert.match(help, new RegExp(`^  ${name} +\\w`, "m"));
  }
});

Deno.test("--help says of each command's batch whether another one is another draw", () => {
  // tests/sera/draws_test.ts and tests/policy/generate_test.ts show that it is so.
  const [align, evaluate, generate] = [alignCommand, evaluateCommand, generateCommand].map((spec) =>
    helpText(spec as typeof alignCommand).replaceAll(/\s+/g, " ")
  );
  assert.match(align!, /--generation-batch <n> [^-]*bounds memory; another number is another draw/);
  assert.match(evaluate!, /--batch <n> [^-]*memory; with --temperature another number is another/);
  assert.match(generate!, /--batch <n> [^-]*bounds memory, changes no draw/);
});

Deno.test("each option changes its field of config or setting", () => {
  const args = "--loss ipo --loss-options average=true --beta 0.5 --nll 0.2 --iterations 2 " +
    "--keep 0.5 --rule bottom --gamma 0.1 --weighting uniform --window 2 --cross-fit 3 " +
    "--responses 6 --on-policy 0.2 --prompt-factor 2 --temperature 0.8 --top-p 0.9 --top-k 5 " +
    "--generation-batch 64 --lr 1e-3 --schedule cosine --warmup 0 --weight-decay 0.1 " +
    "--max-grad-norm 0 --batch 4 --steps 9 --max-rows 100 --initial sft";
  const { loss, ...rest } = config(...args.replace("--beta 0.5 ", "").split(" "));
  assert.deepEqual(loss, { ...seraConfig({ loss: { name: "ipo", average: true } }).loss });
  assert.deepEqual(rest, {
    nllAlpha: 0.2,
    iterations: 2,
    selection: { rule: "bottom", keep: 0.5 },
    ensemble: { weighting: "uniform", gamma: 0.1, window: 2 },
    crossFit: 3,
    bootstrap: {
      ...{ responses: 6, share: 0.2, promptFactor: 2, temperature: 0.8, topP: 0.9, topK: 5 },
      ...{ batch: 64, maxNewTokens: 128, judge: "implicit" },
    },
    ...{ margin: "own", rewardModel: null },
    ...{ learningRate: 1e-3, schedule: "cosine", warmup: 0, weightDecay: 0.1, maxGradNorm: 0 },
    ...{ batch: 4, steps: 9, maxRows: 100, initial: "sft", reference: "sft" },
  });
  assert.deepEqual(config("--beta", "0.5").loss, { name: "dpo", beta: 0.5 });
  assert.deepEqual(config("--rule", "threshold", "--tau", "0.3").selection, {
    rule: "threshold",
    tau: 0.3,
  });
  assert.deepEqual(config("--rule", "relabel").selection, { rule: "relabel" });
  assert.deepEqual(config("--rule", "random", "--fixed").selection, {
    ...{ rule: "random", keep: 0.7, fixed: true },
  });
  const votes = config("--by", "votes", "--cross-fit", "3");
  assert.deepEqual(votes.selection, { rule: "top", keep: 0.7, by: "votes" });
  assert.equal(votes.rewardModel, null);
  const explicit = config("--by", "explicit", "--reward-steps", "7", "--reward-lr", "0.01");
  assert.deepEqual(explicit.rewardModel, { steps: 7, learningRate: 0.01 });
  const judged = config("--judge", "explicit");
  assert.equal(judged.bootstrap?.judge, "explicit");
  assert.deepEqual(judged.rewardModel, { steps: null, learningRate: null });
  assert.equal(config("--reference", "previous").reference, "previous");
  const setting = "--limit 7 --max-length 99 --chat-template never --held-out 0.3 " +
    "--flip-labels 0.2 --evaluation-prompts 3 --samples-per-prompt 2 --max-new-tokens 9 --full";
  assert.deepEqual(settingOf(parse(...setting.split(" "))), {
    ...{ ...preferenceFile.defaults, wholePrompts: true },
    ...{ model: "/m", data: "/d", limit: 7, maxLength: 99, chatTemplate: "never", heldOut: 0.3 },
    ...{ flipRate: 0.2, evaluationPrompts: 3, samplesPerPrompt: 2, maxNewTokens: 9, full: true },
    evaluationDraw: "seeded",
  });
  const lora = parse("--rank", "4", "--lora-alpha", "3", "--dropout", "0.1", "--targets", "q_proj");
  assert.deepEqual(settingOf(lora), {
    ...{ ...preferenceFile.defaults, wholePrompts: true },
    ...{ model: "/m", data: "/d", rank: 4, loraAlpha: 3, dropout: 0.1, targets: "q_proj" },
    evaluationDraw: "seeded",
  });
});

Deno.test("values are refused by their rule, what cannot be combined by the config", () => {
  assert.throws(
    () => parse("--cross-fit", "1"),
    /--cross-fit must be a whole number from 2, got 1/,
  );
  assert.throws(() => parse("--keep", "1.5"), /--keep must be in \(0, 1\], got 1\.5/);
  assert.throws(
    () => config("--cross-fit", "2", "--reference", "previous"),
    /crossFit needs reference "sft"/,
  );
  assert.throws(() => config("--by", "votes"), /selection by votes needs crossFit/);
  assert.throws(() => config("--loss-options", "gamma=1"), /loss "dpo" has no option "gamma"/);
  assert.throws(() => config("--loss-options", "gamma"), /"gamma" is not name=value/);
});

Deno.test("options that would do nothing are refused, by both names", async () => {
  const refuse = (...args: string[]) => {
    const { options, given } = parsed(...args);
    refuseIdleOptions(options, given);
  };
  const cases = [
    [["--full", "--rank", "4"], "--rank has no effect with --full: leave one of them out"],
    [["--full", "--targets", "all-linear"], "--targets has no effect with --full"],
    [["--tau", "0.1"], "--tau has no effect with --rule top"],
    [["--rule", "threshold", "--keep", "0.5"], "--keep has no effect with --rule threshold"],
    [["--method", "plain", "--keep", "0.5"], "--keep has no effect with --method plain"],
    [["--method", "random", "--rule", "middle"], "--rule has no effect with --method random"],
    [["--method", "select", "--responses", "8"], "--responses has no effect with --method select"],
    [["--method", "relabel", "--top-k", "8"], "--top-k has no effect with --method relabel"],
    [["--fixed"], "--fixed has no effect with --rule top"],
    [
      ["--method", "plain", "--evaluation-prompts", "0", "--generation-batch", "8"],
      "--generation-batch has no effect with --method plain and --evaluation-prompts 0",
    ],
    [
      ["--method", "select", "--held-out", "0", "--generation-batch", "8"],
      "--generation-batch has no effect with --method select and --held-out 0",
    ],
    [["--rule", "small-gap", "--by", "explicit"], "--by has no effect with --rule small-gap"],
    [["--method", "plain", "--by", "votes"], "--by has no effect with --method plain"],
    [["--method", "select", "--judge", "explicit"], "--judge has no effect with --method select"],
    [["--reward-lr", "0.1"], "--reward-lr has no effect with no reward model"],
    [["--trainer", "train", "--rank", "4"], "--rank has no effect with --trainer"],
    [["--trainer", "train", "--evaluation-prompts", "9"], "-prompts has no effect with --trainer"],
    [
      ["--weighting", "two-term", "--window", "3"],
      "--window has no effect with --weighting two-term, which looks at two policies",
    ],
    [
      ["--weighting", "uniform", "--gamma", "0.5"],
      "--gamma has no effect with --weighting uniform, which weights all policies alike",
    ],
    [["--serve", "vllm"], "--serve has no effect with the model in this process"],
  ] as const;
  for (const [args, message] of cases) {
    assert.throws(() => refuse(...args), new RegExp(message));
  }
  refuse("--rule", "threshold", "--tau", "0.1");
  refuse("--method", "random", "--fixed");
  refuse("--weighting", "two-term", "--window", "1");
  refuse("--weighting", "uniform", "--gamma", "0");
  refuse("--judge", "explicit", "--reward-steps", "3");
  refuse("--method", "plain", "--generation-batch", "8");
  refuse("--evaluation-prompts", "0", "--generation-batch", "8");
  refuse("--method", "bootstrap", "--responses", "8", "--rank", "4");
  refuse("--full", "--method", "random", "--keep", "0.5", "--max-new-tokens", "8");
  await withTempDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/run.yaml`, "tau: 0.1\n");
    assert.throws(
      () => refuse("--config", `${dir}/run.yaml`),
      /run\.yaml: tau has no effect with --rule top/,
    );
  });
});

Deno.test("the options in force are a config file that gives the same options", async () => {
  for (const method of methodNames) {
    for (const more of [[], ["--full"], ["--loss-options", "beta=0.3", "--seed", "5"]]) {
      const options = parse("--method", method, "--force", ...more);
      await withTempDir(async (dir) => {
        const path = `${dir}/config.yaml`;
        const text = configFileText(alignCommand.options, optionsInForce(options));
        await Deno.writeTextFile(path, text);
        const again = parseCommand(alignCommand, ["--config", path]);
        refuseIdleOptions(again.options, again.given);
        assert.deepEqual(
          { ...again.options, config: undefined },
          { ...options, config: undefined, force: false },
        );
      });
    }
  }
});
