import assert from "node:assert/strict";
import { extractPromptMessages, extractPromptText } from "../../lib/data/extract_prompt.ts";
import { createPrng } from "../../lib/random/prng.ts";
import golden from "./trl_formats.json" with { type: "json" };

Deno.test("the prompt of two texts is the one TRL extracts", () => {
  for (const { chosen, rejected, split } of golden.texts) {
    const found = extractPromptText(chosen, rejected);
    // TRL goes on with an empty prompt; here it is none.
    const expected = split[0] === "" ? undefined : split;
    assert.deepEqual(found && [found.prompt, found.chosen, found.rejected], expected);
  }
});

Deno.test("the prompt of two conversations is the one TRL extracts", () => {
  for (const { chosen, rejected, split } of golden.conversations) {
    const found = extractPromptMessages(chosen, rejected);
    const expected = split[0]?.length === 0 ? undefined : split;
    assert.deepEqual(found && [found.prompt, found.chosen, found.rejected], expected);
  }
});

Deno.test("texts that differ from the first character share no prompt", () => {
  // TRL compares the last character of chosen here (index -1) and returns "xyz" as the prompt.
  assert.equal(extractPromptText("xyz ", " abc"), undefined);
  assert.equal(extractPromptText("😀 a", "😁 a"), undefined);
  assert.equal(extractPromptText("a", "ab"), undefined);
});

Deno.test("prompt and completions of random texts join to the texts, and none is empty", () => {
  const prng = createPrng(0, "extract-prompt");
  const letters = ["a", " ", "😀", "😁", "\n", "é"];
  const text = () =>
    Array.from({ length: prng.integer(6) }, () => letters[prng.integer(6)]).join("");
  let splits = 0;
  for (let i = 0; i < 2000; i++) {
    const shared = text();
    const chosen = shared + text();
    const rejected = shared + text();
    const found = chosen === rejected || chosen === "" || rejected === ""
      ? undefined
      : extractPromptText(chosen, rejected);
    if (found === undefined) continue;
    splits++;
    assert.equal(found.prompt + found.chosen, chosen);
    assert.equal(found.prompt + found.rejected, rejected);
    for (const part of [found.prompt, found.chosen, found.rejected]) {
      assert.notEqual(part, "");
      assert.ok(part.isWellFormed(), "a character was split");
    }
  }
  assert.ok(splits > 500);
});
