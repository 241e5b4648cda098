import assert from "node:assert/strict";
import { UserError } from "../../lib/errors.ts";
import { withTimeLimit } from "../../lib/files/time_limit.ts";

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
    const start = performance.now();
    assert.throws(() => withTimeLimit(0.2, "x", action), {
      name: "UserError",
      message: /^x takes more than 0\.2 s; /,
    });
    assert.ok(performance.now() - start < 2000);
  }
});

Deno.test("values and errors pass as they are", () => {
  assert.equal(withTimeLimit(1, "x", () => withTimeLimit(1, "y", () => 7)), 7);
  const error = new UserError("mine");
  assert.throws(() =>
    withTimeLimit(1, "x", () => {
      throw error;
    }), (thrown) => thrown === error);
});
