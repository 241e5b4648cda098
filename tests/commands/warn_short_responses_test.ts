import assert from "node:assert/strict";
import { warnShortResponses } from "../../experiments/commands/warn_short_responses.ts";

Deno.test("a limit of own responses below much of the data is told, with what to change", () => {
  const pairs = [4, 9, 9, 3].map((tokens, i) => ({
    id: `${i}`,
    promptIds: new Int32Array(2),
    chosenIds: new Int32Array(tokens),
    rejectedIds: new Int32Array(20),
  }));
  const warnings = (limit: number, bootstrap: object | null = {}, iterations = 3) => {
    const told: string[] = [];
    warnShortResponses({ bootstrap, iterations }, pairs, limit, (message) => told.push(message));
    return told;
  };
  assert.match(warnings(8).join(), /^50 % of the chosen answers .*--max-new-tokens 8: .*raise it$/);
  assert.deepEqual(warnings(9), []);
  assert.match(warnings(3).join(), /^75 %/);
  // A quarter is not many, and nothing is written without bootstrapping or in one iteration.
  assert.deepEqual(warnings(8, null), []);
  assert.deepEqual(warnings(8, {}, 1), []);
});
