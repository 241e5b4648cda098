import assert from "node:assert/strict";
import { UserError } from "../../lib/errors.ts";

/** Asserts that the action fails with a one-line `UserError` that holds every given text. */
export async function assertUserError(
  action: () => unknown,
  ...texts: (string | RegExp)[]
): Promise<void> {
  let thrown: unknown;
  try {
    await action();
  } catch (error) {
    thrown = error;
  }
  assert.ok(thrown !== undefined, "expected an error");
  assert.ok(thrown instanceof UserError, `expected a UserError, got ${thrown}`);
  assert.ok(!thrown.message.includes("\n"), `not one line: ${thrown.message}`);
  for (const text of texts) {
    if (typeof text === "string") assert.ok(thrown.message.includes(text), thrown.message);
    else assert.match(thrown.message, text);
  }
}
