import assert from "node:assert/strict";
import { outcomeOf } from "../../lib/cli/exit_code.ts";
import { HelpRequest } from "../../lib/cli/command.ts";
import { nearest } from "../../lib/cli/nearest.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";
import { UserError } from "../../lib/errors.ts";

Deno.test("errors have their exit codes and their one line", () => {
  const full = new Error("No space left on device (os error 28)");
  const cases: [unknown, number, RegExp][] = [
    [new UserError("a.jsonl:3: bad"), 1, /^error: a\.jsonl:3: bad\n$/],
    [new UserError("two\n  lines"), 1, /^error: two lines\n$/],
    [new UserError("\x1b[2J\x07red\x9b"), 1, /^error: \?\[2J\?red\?\n$/],
    [new UserError("\u202egnp.exe\u2066\u2028"), 1, /^error: \?gnp\.exe\?\?\n$/],
    [new UsageError("--keep"), 2, /^error: --keep\n$/],
    [full, 1, /^error: the disk is full \(No space .*run the same command again\n$/],
    [Object.assign(new Error("x"), { code: "ENOSPC" }), 1, /^error: the disk is full \(x\)/],
    [new Error("saving failed", { cause: full }), 1, /^error: the disk is full \(No space/],
    [new Deno.errors.PermissionDenied("mkdir '/x'"), 1, /^error: mkdir '\/x': check the path/],
    [
      new TypeError("x is not a function"),
      70,
      /^unexpected error.*\nTypeError: x is not[^]*\n +at /,
    ],
    ["just text", 70, /^unexpected error.*\njust text\n$/],
    [undefined, 70, /^unexpected error.*\nundefined\n$/],
  ];
  for (const [error, exitCode, stderr] of cases) {
    const outcome = outcomeOf(error);
    assert.equal(outcome.exitCode, exitCode);
    assert.match(outcome.stderr ?? "", stderr);
    assert.equal(outcome.stdout, undefined);
  }
  assert.deepEqual(outcomeOf(new HelpRequest("help")), { exitCode: 0, stdout: "help" });
  assert.deepEqual(outcomeOf(new Deno.errors.BrokenPipe()), { exitCode: 141 });
});

Deno.test("the nearest word by letters or by its start", () => {
  const words = ["iterations", "limit", "loss", "learning-rate"];
  assert.equal(nearest("iteration", words), "iterations");
  assert.equal(nearest("los", words), "loss");
  assert.equal(nearest("learn", words), "learning-rate");
  assert.equal(nearest("limti", words), "limit");
  assert.equal(nearest("qqqq", words), undefined);
  assert.equal(nearest("", words), undefined);
  assert.equal(nearest("x", []), undefined);
});
