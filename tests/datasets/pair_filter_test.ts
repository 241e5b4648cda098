import assert from "node:assert/strict";
import { type KeptPair, PairFilter } from "../../lib/datasets/pair_filter.ts";
import { tinyTokenizer } from "../data/tiny_tokenizer.ts";

const pair = (prompt: string, chosen: string, rejected: string, gap?: number) => ({
  kind: "pair" as const,
  ...{ prompt, chosen, rejected },
  ...(gap !== undefined && { gap }),
});

Deno.test("each reason for leaving a pair out", () => {
  const filter = new PairFilter({ unique: true, minGap: 1, maxCharacters: 12 });
  assert.equal(filter.judge(pair("p", "a", "a", 2)), "chosen = rejected");
  assert.equal(filter.judge(pair("prompt", "0123456", "a", 2)), "longer than 12 characters");
  assert.equal(filter.judge(pair("p", "a", "b", 0.5)), "a score gap below 1");
  // An exchanged pair has its gap negated: its scores are as far apart as they were.
  assert.equal(filter.judge(pair("p", "a", "b", -0.5)), "a score gap below 1");
  assert.equal(typeof filter.judge(pair("p", "b", "a", -1)), "object");
  assert.equal(filter.judge(pair("p", "a", "b")), "no scores");
  const kept = filter.judge(pair("p", "ab", "b", 1)) as KeptPair;
  assert.deepEqual([kept.chosenLength, kept.rejectedLength, kept.cut], [2, 1, false]);
  assert.equal(filter.judge(pair("p", "ab", "b", 1)), "the same pair before");
  const repeated = new PairFilter({ unique: false });
  for (let n = 0; n < 2; n++) assert.equal(typeof repeated.judge(pair("p", "a", "b")), "object");
});

Deno.test("pairs that cutting makes identical are found, and those that were before", () => {
  const tokens = { tokenizer: tinyTokenizer(), maxLength: 16, chatTemplate: "never" as const };
  const filter = new PairFilter({ unique: true, tokens });
  const long = "x".repeat(40);
  assert.equal(
    filter.judge(pair("p", `${long} yes`, `${long} no`)),
    "made identical by cutting at 16 tokens",
  );
  const cut = filter.judge(pair("p", `yes ${long}`, "no")) as KeptPair;
  assert.equal(cut.cut, true);
  const whole = filter.judge(pair("p", "yes", "no")) as KeptPair;
  assert.deepEqual([whole.chosenLength, whole.rejectedLength, whole.cut], [4, 3, false]);
});
