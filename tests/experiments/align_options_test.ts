import assert from "node:assert/strict";
import { configure } from "../../experiments/align/configure.ts";
import { alignCommand } from "../../experiments/align/options.ts";
import { parseCommand } from "../../lib/cli/command.ts";

const parse = (...args: string[]) =>
  parseCommand(alignCommand, ["--model", "m", "--data", "d", "--out", "o", ...args]).options;

Deno.test("--cross-fit: folds in the configuration, and no key at all where it is off", () => {
  assert.ok(!("crossFit" in configure(parse(), 10)));
  assert.equal(configure(parse("--cross-fit", "3"), 10).crossFit, 3);
  assert.throws(() => parse("--cross-fit", "1"), /--cross-fit/);
});
