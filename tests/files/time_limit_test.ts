import assert from "node:assert/strict";
import { UserError } from "../../lib/errors.ts";
import { withTimeLimit } from "../../lib/files/time_limit.ts";
import { cpuSeconds } from "../support/cpu_seconds.ts";

Deno.test("code that runs for ever is stopped, in a pattern or a loop, nested or not", () => {
  const pattern = () => /^(a+)+$/.test("a".repeat(60) + "b");
  const loop = () => {
    for (;;) {
      try {
        for (;;);
      } catch {
        // The end cannot be caught inside.
      }
    }
  };
  for (const action of [pattern, loop, () => withTimeLimit(30, "inner", loop)]) {
    const start = cpuSeconds();
    assert.throws(() => withTimeLimit(0.2, "x", action), {
      name: "UserError",
      message: /^x takes more than 0\.2 s; /,
    });
    // Twice, and what was begun on a busy machine before.
    assert.ok(cpuSeconds() - start < 1.5, `${cpuSeconds() - start} s`);
  }
});

Deno.test("what waits for a busy machine is not stopped: only processor time counts", () => {
  let tries = 0;
  const slow = () => {
    tries++;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    return tries;
  };
  assert.ok(withTimeLimit(0.1, "x", slow) > 1, "it was stopped by the clock and tried again");
});

Deno.test("what takes its time once, as a collection of garbage makes it, is tried again", () => {
  let tries = 0;
  const action = () => {
    if (tries++ === 0) { for (;;); }
    return "done";
  };
  assert.equal(withTimeLimit(0.1, "x", action), "done");
});

Deno.test("values and errors pass as they are", () => {
  assert.equal(withTimeLimit(1, "x", () => withTimeLimit(1, "y", () => 7)), 7);
  const error = new UserError("mine");
  assert.throws(() =>
    withTimeLimit(1, "x", () => {
      throw error;
    }), (thrown) => thrown === error);
});
