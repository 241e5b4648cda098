import assert from "node:assert/strict";
import { configure, configureLora } from "../../experiments/align/configure.ts";
import { alignCommand } from "../../experiments/align/options.ts";
import { parseCommand } from "../../lib/cli/command.ts";

const parse = (...args: string[]) =>
  parseCommand(alignCommand, ["--model", "m", "--data", "d", "--out", "o", ...args]).options;

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
