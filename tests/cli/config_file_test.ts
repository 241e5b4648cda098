import assert from "node:assert/strict";
import { join } from "node:path";
import { configFileText, readConfigFile } from "../../lib/cli/config_file.ts";
import { parseCommand } from "../../lib/cli/command.ts";
import { ruledOption, textOption } from "../../lib/cli/option.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";
import { UserError } from "../../lib/errors.ts";
import { below1 } from "../../lib/number_rule.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { SAMPLE } from "./sample_command.ts";

const COMMAND = {
  ...SAMPLE,
  options: {
    ...SAMPLE.options,
    config: textOption({ flags: "--config <file>", description: "options" }),
    warmup: ruledOption({ flags: "--warmup <x>", description: "", rule: below1, default: 0.1 }),
  },
  synonyms: { "learning-rate": "--lr" },
  readConfig: readConfigFile,
};

/** What a command line and the text of `run.yaml` give; `FILE` in messages is its path. */
async function parse(text: string, ...args: string[]) {
  return await withTempDir(async (dir) => {
    const path = join(dir, "run.yaml");
    await Deno.writeTextFile(path, text);
    try {
      return parseCommand(COMMAND, ["--config", path, ...args]);
    } catch (error) {
      assert.ok(error instanceof UsageError, `${error}`);
      assert.ok(!error.message.includes("\n"), error.message);
      throw new Error(error.message.replaceAll(path, "FILE"));
    }
  });
}

Deno.test("the command line wins over the file, and the file over defaults", async () => {
  const file = "model: M\nkeep: 0.5\nmax-length: 64\nlr: null\nfull: true\narms: [random, plain]\n";
  const { options, given } = await parse(file, "--keep", "0.9");
  assert.equal(options.model, "M");
  assert.equal(options.keep, 0.9);
  assert.equal(options.maxLength, 64);
  assert.equal(options.lr, undefined);
  assert.equal(options.full, true);
  assert.deepEqual(options.arms, ["random", "plain"]);
  assert.equal(options.loss, "dpo");
  assert.deepEqual([...given.keys()].sort(), [
    ...["arms", "config", "full", "keep", "maxLength", "model"],
  ]);
  assert.equal(given.get("keep"), "--keep");
  assert.match(given.get("maxLength") ?? "", /run\.yaml: max-length$/);
  const json = await parse('{"model": "M", "keep": 1e-1}');
  assert.deepEqual([json.options.model, json.options.keep], ["M", 0.1]);
  assert.equal((await parse("", "--model", "M")).options.keep, 0.7);
});

Deno.test("values are refused in the words of the command line, by file and key", async () => {
  const refusals: [string, string][] = [
    ["keep: 1.5", "FILE: keep must be in (0, 1], got 1.5"],
    ["keep: yes", 'FILE: keep must be a number in (0, 1], got "yes"'],
    ["warmup: 1", "FILE: warmup must be in [0, 1), got 1"],
    ["warmup: x", 'FILE: warmup must be in [0, 1), got "x"'],
    [
      "loss: dop",
      'FILE: loss must be one of dpo, ipo, slic-hf, simpo, got "dop"; did you mean dpo?',
    ],
    ["full: 1", "FILE: full must be true or false, got 1"],
    ["keep: { count: 3 }", 'FILE: keep must be one value or a list, got {"count":3}'],
    ["limit: 2.5", "FILE: limit must be an integer of at least 1, got 2.5"],
    ["maxLength: 5", 'FILE: unknown key "maxLength"; did you mean max-length?'],
    ["max_length: 5", 'FILE: unknown key "max_length"; did you mean max-length?'],
    ["learning_rate: 5", 'FILE: unknown key "learning_rate"; did you mean lr?'],
    ["reference: sft", 'FILE: unknown key "reference"'],
    ["config: other.yaml", 'FILE: unknown key "config"'],
    ["keep: 1\nkeep: 2", "FILE: Map keys must be unique at line 2, column 1"],
    ["- keep", 'FILE must hold options as "name: value", one per line'],
  ];
  for (const [text, message] of refusals) {
    await assert.rejects(parse(text, "--model", "M"), (error: Error) => {
      assert.ok(error.message.startsWith(message), error.message);
      return true;
    });
  }
  await assert.rejects(parse("keep: 1"), /--model <path> is required/);
  assert.throws(
    () => parseCommand(COMMAND, ["--config", "/nowhere.yaml"]),
    (error) => error instanceof UserError && /config file \/nowhere\.yaml/.test(error.message),
  );
});

Deno.test("what is written is read back the same", async () => {
  const values = {
    ...{ model: "a: b # c", loss: "slic-hf", method: "b", keep: 0.1 + 0.2, lr: 1e-7 },
    ...{ maxLength: 64, limit: undefined, arms: ["random", "plain"], full: true, warmup: 0 },
  };
  const { options } = await parse(configFileText(COMMAND.options, values));
  for (const [key, value] of Object.entries(values)) {
    assert.deepEqual(options[key as keyof typeof values], value, key);
  }
});
