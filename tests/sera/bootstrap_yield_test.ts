/** SeRA without its own pairs is selection alone: a run says so, and does not go on as if nothing were. */
import assert from "node:assert/strict";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import { yieldWarning } from "../../lib/sera/bootstrap_yield.ts";
import { defaultBootstrap } from "../../lib/sera/config.ts";
import { assertUserError } from "../support/errors.ts";
import { run } from "./sera_run.ts";

await loadEngine();

/** Responses of one token are all cut: none has room for anything before its end. */
async function withShortResponses(iterations: number, maxNewTokens = 1): Promise<string[]> {
  const told: string[] = [];
  const progress = { ...silentProgress, message: (text: string) => told.push(text) };
  // A token that ends a response at once leaves two usable responses nowhere.
  await run({ iterations, bootstrap: { maxNewTokens } }, { progress });
  return told.filter((text) => text.startsWith("warning:"));
}

Deno.test("an iteration without own pairs is told with its reasons; two running are an error", async () => {
  const told = await withShortResponses(2);
  assert.equal(told.length, 1);
  assert.match(
    told[0] ?? "",
    /^warning: iteration 2: bootstrapping gave 0 of the 3 pairs wanted \(\d+ of 24 responses were cut at 1 tokens/,
  );
  assert.match(told[0] ?? "", /raise --max-new-tokens$/);
  await assertUserError(
    () => withShortResponses(3),
    "iteration 3: bootstrapping gave 0 of the 3 pairs wanted",
    "raise --max-new-tokens; iteration 2 gave none either",
  );
  assert.deepEqual(await withShortResponses(3, 8), [], "nothing is said where pairs are made");
});

Deno.test("the advice is for the commonest reason", () => {
  const dropped = {
    ...{ truncatedCandidates: 2, duplicateCandidates: 9, promptsWithoutTwo: 5 },
    ...{ promptsWithEqualRewards: 0, pairsNotKept: 0, emptyCandidates: 0 },
  };
  const text = yieldWarning({ iteration: 2, pairs: 1, wanted: 4, dropped }, defaultBootstrap);
  assert.match(text ?? "", /gave 1 of the 4 .*9 of 24 responses repeat another one, 2 of 24 .*cut/);
  assert.match(text ?? "", /raise --temperature or --responses$/);
  // In floating point 1.1 * 50 lies above 55; 55 prompts are responded to.
  const exact = { ...defaultBootstrap, promptFactor: 1.1 };
  const many = yieldWarning({ iteration: 2, pairs: 1, wanted: 50, dropped }, exact);
  assert.match(many ?? "", new RegExp(` of ${55 * exact.responses} responses repeat`));
  assert.equal(
    yieldWarning({ iteration: 2, pairs: 2, wanted: 4, dropped }, defaultBootstrap),
    null,
  );
});
