import assert from "node:assert/strict";
import { HelpRequest, helpText, parseCommand } from "../../lib/cli/command.ts";
import {
  integerOption,
  numberOption,
  switchOption,
  textOption,
  urlOption,
} from "../../lib/cli/option.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";
import { parseSample, SAMPLE } from "./sample_command.ts";

const DEFAULTS = { loss: "dpo", keep: 0.7, maxLength: 512, arms: ["plain", "sera"], full: false };

/** What the command line is refused with; must be one line. */
function refusal(...args: string[]): string {
  try {
    parseSample(...args);
  } catch (error) {
    assert.ok(error instanceof UsageError, `${error}`);
    assert.ok(!error.message.includes("\n"), error.message);
    return error.message;
  }
  assert.fail(`accepted: ${args.join(" ")}`);
}

Deno.test("options have their defaults, or what was given", () => {
  assert.deepEqual(parseSample("--model", "M"), {
    options: { model: "M", ...DEFAULTS },
    operands: [],
  });
  const line = "--model=M --loss slic-hf --method b --keep 1 --lr 5e-5 -m 64 --limit 3 --full " +
    "--arms random,plain noise gamma";
  assert.deepEqual(parseSample("--", ...line.split(" ")), {
    options: {
      model: "M",
      loss: "slic-hf",
      method: "b",
      keep: 1,
      lr: 5e-5,
      maxLength: 64,
      limit: 3,
      full: true,
      arms: ["random", "plain"],
    },
    operands: ["noise", "gamma"],
  });
});

Deno.test("an address has no user or password in it, and a refusal does not show them", () => {
  const { parse } = urlOption({ flags: "--server <url>", description: "server" });
  const url = (text: string) => parse?.(text, "--server");
  for (const text of ["http://localhost:8000/v1", "https://host"]) assert.equal(url(text), text);
  assert.throws(() => url("localhost:8000"), /--server must be an address, .*"localhost:8000"/);
  assert.throws(() => url("http://"), UsageError);
  for (const text of ["https://me:s3cret@host:81/v1", "https://s3cret@host:81/v1"]) {
    assert.throws(() => url(text), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /user or password .* give https:\/\/host:81\/v1/);
      return !error.message.includes("s3cret");
    });
  }
});

Deno.test("the help shows every option with its default", () => {
  const help = helpText(SAMPLE);
  for (
    const line of [
      /Usage: deno task sample \[options\] \[study\.\.\.\]/,
      /A command for tests\./,
      /study +studies: noise, gamma/,
      /--model <path> +model \(required\)/,
      /--loss <name> +loss: dpo, ipo, slic-hf, simpo \(default: dpo\)/,
      /--keep <fraction> +share kept \(default: 0\.7\)/,
      /--lr <rate> +learning rate \(default: depends on the loss\)/,
      /-m, --max-length <tokens> +longest sequence \(default: 512\)/,
      /--limit <n> +first n pairs\n/,
      /--arms <list> +arms: plain, sera, random \(default: plain,sera\)/,
      /-h, --help/,
      /\nExample: deno task sample --model M\n$/,
    ]
  ) assert.match(help, line);
  for (const flag of ["--help", "-h"]) {
    assert.throws(() => parseSample(flag), (error) => {
      assert.ok(error instanceof HelpRequest);
      assert.equal(error.message, help);
      return true;
    });
  }
});

Deno.test("an unknown option names the nearest one, also where something else is missing", () => {
  assert.equal(refusal("--modle", "M"), "unknown option '--modle'; did you mean --model?");
  assert.equal(
    refusal("--model", "M", "--kep", "1"),
    "unknown option '--kep'; did you mean --keep?",
  );
  assert.match(
    refusal("--model", "M", "--max-len", "1"),
    /'--max-len'; did you mean --max-length\?/,
  );
  assert.match(refusal("--model", "M", "--arm", "1"), /did you mean --arms\?/);
  assert.match(refusal("--model", "M", "--full=1"), /did you mean --full\?/);
  assert.equal(
    refusal("--model", "M", "--zzzz"),
    "unknown option '--zzzz'; see deno task sample --help",
  );
});

Deno.test("another tool's name, and another way to write one, name the option that is meant", () => {
  const command = {
    ...SAMPLE,
    synonyms: { "learning-rate": "--lr", "num-train-epochs": "--limit" },
  };
  const said = (flag: string) => {
    try {
      parseCommand(command, ["--model", "M", flag, "1"]);
    } catch (error) {
      return (error as Error).message;
    }
  };
  for (const flag of ["--learning-rate", "--learning_rate", "--learningRate"]) {
    assert.equal(said(flag), `unknown option '${flag}'; did you mean --lr?`);
  }
  assert.match(said("--num_train_epochs") ?? "", /did you mean --limit\?/);
  assert.match(said("--max_length") ?? "", /did you mean --max-length\?/);
  assert.match(said("--reference") ?? "", /see deno task sample/, "nothing is near");
});

Deno.test("missing values and operands are named", () => {
  assert.equal(refusal(), "--model <path> is required; see deno task sample --help");
  assert.match(refusal("--model"), /option '--model <path>' argument missing; see/);
  assert.equal(refusal("--model", "--full"), "--model needs a value, got the option --full");
  assert.equal(refusal("--model", " "), "--model must not be empty");
  assert.equal(
    refusal("--model", "M", "nois"),
    'study must be one of noise, gamma, got "nois"; did you mean noise?',
  );
  const bare = { name: "bare", description: "", options: {} };
  assert.throws(() => parseCommand(bare, ["x"]), {
    message: /too many arguments.*see deno task bare/,
  });
});

Deno.test("numbers are checked for form, finiteness and range, and the option is named", () => {
  const refusals: [string, string, string][] = [
    ["--keep", "1.5", "--keep must be in (0, 1], got 1.5"],
    ["--keep", "0", "--keep must be in (0, 1], got 0"],
    ["--keep", "-0.5", "--keep must be in (0, 1], got -0.5"],
    ["--keep", "abc", '--keep must be a number in (0, 1], got "abc"'],
    ["--keep", "", '--keep must be a number in (0, 1], got ""'],
    ["--keep", "0x1", '--keep must be a number in (0, 1], got "0x1"'],
    ["--keep", "0,5", '--keep must be a number in (0, 1], got "0,5"'],
    ["--keep", "NaN", '--keep must be a number in (0, 1], got "NaN"'],
    ["--lr", "Infinity", '--lr must be a number above 0, got "Infinity"'],
    ["--lr", "1e999", '--lr must be a number above 0, got "1e999"'],
    ["--lr", "0", "--lr must be above 0, got 0"],
    ["--limit", "0", "--limit must be an integer of at least 1, got 0"],
    ["--limit", "2.5", "--limit must be an integer of at least 1, got 2.5"],
    [
      "--limit",
      "99999999999999999999",
      "--limit must be an integer of at least 1, got 99999999999999999999",
    ],
    ["--max-length", "1", "--max-length must be an integer of at least 2, got 1"],
  ];
  for (const [flag, value, message] of refusals) {
    assert.equal(refusal("--model", "M", flag, value), message);
  }
  const value = (text: string) => parseSample("--model", "M", "--lr", text).options.lr;
  assert.deepEqual(["1", ".5", "5.", "1E-3", "+2", " 3 "].map(value), [1, 0.5, 5, 0.001, 2, 3]);
});

Deno.test("a choice lists the choices and names the nearest", () => {
  assert.equal(
    refusal("--model", "M", "--loss", "dop"),
    '--loss must be one of dpo, ipo, slic-hf, simpo, got "dop"; did you mean dpo?',
  );
  assert.match(refusal("--model", "M", "--loss", "slic"), /did you mean slic-hf\?$/);
  assert.match(refusal("--model", "M", "--loss", "DPO"), /did you mean dpo\?$/);
  assert.match(refusal("--model", "M", "--loss", "zzzzzzzz"), /got "zzzzzzzz"$/);
  const arms = (list: string) => refusal("--model", "M", "--arms", list);
  assert.match(arms("plain,,sera"), /^--arms must be one of plain, sera, random, got ""/);
  assert.match(arms("plain,sira"), /did you mean sera\?$/);
  assert.equal(arms("sera,plain,sera"), "--arms names sera twice");
});

Deno.test("mistakes in a table fail when it is made or first used", () => {
  const spec = { flags: "--keep <x>", description: "" };
  assert.throws(() => numberOption({ ...spec, max: 1, default: 2 }), RangeError);
  assert.throws(() => integerOption({ ...spec, default: 0.5 }), RangeError);
  const parse = (options: Parameters<typeof parseCommand>[0]["options"]) =>
    parseCommand({ name: "x", description: "", options }, []);
  assert.throws(
    () => parse({ other: textOption(spec) }),
    /--keep <x> stands under other, not keep/,
  );
  assert.throws(() => parse({ keep: switchOption(spec) }), /<value> and parse belong together/);
  assert.throws(() => parse({ keep: textOption({ ...spec, flags: "--keep" }) }), TypeError);
});
