import assert from "node:assert/strict";
import { configure, configureLora } from "../../experiments/commands/align/configure.ts";
import { refuseIdleOptions } from "../../experiments/commands/align/idle_options.ts";
import { alignCommand } from "../../experiments/commands/align/options.ts";
import { parseCommand } from "../../lib/cli/command.ts";

const parsed = (...args: string[]) =>
  parseCommand(alignCommand, ["--model", "m", "--data", "d", "--out", "o", ...args]);
const parse = (...args: string[]) => parsed(...args).options;

Deno.test("--cross-fit: folds in the configuration, and no key at all where it is off", () => {
  assert.ok(!("crossFit" in configure(parse(), 10)));
  assert.equal(configure(parse("--cross-fit", "3"), 10).crossFit, 3);
  assert.throws(() => parse("--cross-fit", "1"), /--cross-fit/);
});

Deno.test("what cannot run is refused before a run's folder is made", () => {
  const refused = parse("--cross-fit", "2", "--reference", "previous");
  assert.throws(() => configure(refused, 10), /--cross-fit needs --reference sft/);
  const lora = (targets: string) => configureLora(parse("--targets", targets))?.targetModules;
  assert.deepEqual(lora("q_proj, v_proj"), ["q_proj", "v_proj"]);
  assert.throws(() => lora("q_proj,w_proj"), /--targets must be one of q_proj.*got "w_proj"/);
});

Deno.test("options that would do nothing are refused, by both names", () => {
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
  ] as const;
  for (const [args, message] of cases) {
    assert.throws(() => refuse(...args), new RegExp(message));
  }
  refuse("--rule", "threshold", "--tau", "0.1");
  refuse("--method", "bootstrap", "--responses", "8", "--rank", "4");
  refuse("--full", "--method", "random", "--keep", "0.5", "--max-new-tokens", "8");
});
