import assert from "node:assert/strict";
import { asConversation } from "../../lib/data/as_conversation.ts";
import type { PreferencePair } from "../../lib/data/preference.ts";
import { tokenizePair, tokenizePairs, tokenizePrompt } from "../../lib/data/tokenize_pairs.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { TINY_TOKENS } from "../support/tiny_model.ts";
import { tinyTokenizer } from "./tiny_tokenizer.ts";

const PAIR: PreferencePair = { id: "a", prompt: "Hi there", chosen: "yes", rejected: "no!" };
const say = (content: string) => [{ role: "assistant", content }];

Deno.test("text answers are their tokens and the end token; the prompt is a user message", () => {
  const tokenizer = tinyTokenizer();
  const { promptIds, chosenIds, rejectedIds } = tokenizePair(PAIR, tokenizer);
  assert.equal(
    tokenizer.decode(promptIds, { skipSpecialTokens: false }),
    "<|im_start|>user\nHi there<|im_end|>\n<|im_start|>assistant\n",
  );
  assert.deepEqual([...chosenIds], [...tokenizer.encode("yes"), TINY_TOKENS.end]);
  assert.deepEqual([...rejectedIds], [...tokenizer.encode("no!"), TINY_TOKENS.end]);
  assert.deepEqual(tokenizePrompt(PAIR.prompt, tokenizer), promptIds);
});

Deno.test("a conversation and the same exchange as texts have the same ids", () => {
  const talk = { id: "a", prompt: [{ role: "user", content: "Hi there" }] };
  const pair = { ...talk, chosen: say("yes"), rejected: say("no!") };
  assert.deepEqual(asConversation(PAIR), pair);
  assert.deepEqual(asConversation(pair), pair);
  for (const tail of ["\n", "", " \n\n"]) {
    const template = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + " +
      `message['content'] + '<|im_end|>${tail.replaceAll("\n", "\\n")}' }}{% endfor %}` +
      "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
    const tokenizer = tinyTokenizer(template);
    assert.deepEqual(tokenizePair(pair, tokenizer), tokenizePair(PAIR, tokenizer));
  }
});

Deno.test("a template that writes no end of turn gets one; text after an end token is kept", () => {
  const tokenizer = tinyTokenizer(
    "{% for message in messages %}{{ message['content'] }}{% endfor %}",
  );
  const prompt = [{ role: "user", content: "Hi" }];
  const pair = { id: "a", prompt, chosen: say("<|im_end|>yes"), rejected: say("no<|im_end|>") };
  const { chosenIds, rejectedIds } = tokenizePair(pair, tokenizer);
  const end = TINY_TOKENS.end;
  assert.deepEqual([...chosenIds], [end, ...tokenizer.encode("yes"), end]);
  assert.deepEqual([...rejectedIds], [...tokenizer.encode("no"), end]);
});

Deno.test("answers of several messages end at their last end token", () => {
  const tokenizer = tinyTokenizer();
  const prompt = [{ role: "user", content: "Hi" }];
  const chosen = [...say("one"), { role: "user", content: "more" }, ...say("two")];
  const { chosenIds } = tokenizePair({ id: "a", prompt, chosen, rejected: say("no") }, tokenizer);
  assert.equal(
    tokenizer.decode(chosenIds, { skipSpecialTokens: false }),
    "one<|im_end|>\n<|im_start|>user\nmore<|im_end|>\n<|im_start|>assistant\ntwo<|im_end|>",
  );
});

Deno.test("plain prompts get the beginning token where the tokenizer adds one", () => {
  const tokenizer = { ...tinyTokenizer(null), bosTokenId: TINY_TOKENS.start };
  const ids = [...tokenizer.encode("Hi")];
  assert.deepEqual([...tokenizePrompt("Hi", tokenizer)], [TINY_TOKENS.start, ...ids]);
  assert.deepEqual([...tokenizePrompt("<|im_start|>Hi", tokenizer)], [TINY_TOKENS.start, ...ids]);
  assert.deepEqual([...tokenizePrompt("Hi", { ...tokenizer, bosTokenId: undefined })], ids);
});

Deno.test("prompts lose what their answers leave no room for, to half; long answers their end", () => {
  const tokenizer = tinyTokenizer(null);
  const pairs = [
    { id: "long prompt", prompt: "0123456789", chosen: "ab", rejected: "c" },
    { id: "long answer", prompt: "01", chosen: "abcdefghijk", rejected: "c" },
    { id: "fits", prompt: "01", chosen: "abcdef", rejected: "bcdefg" },
    { id: "both long", prompt: "ABCDEFGHIJ", chosen: "abcdefghijk", rejected: "c" },
  ];
  const { pairs: kept, truncated, dropped } = tokenizePairs(pairs, tokenizer, {
    maxLength: 9,
    chatTemplate: "never",
  });
  const text = (ids: Int32Array) => tokenizer.decode(ids, { skipSpecialTokens: false });
  const end = "<|im_end|>";
  assert.deepEqual(
    kept.map(({ promptIds, chosenIds, rejectedIds }) =>
      [promptIds, chosenIds, rejectedIds].map(text)
    ),
    [
      ["456789", `ab${end}`, `c${end}`],
      ["01", "abcdefg", `c${end}`],
      ["01", `abcdef${end}`, `bcdefg${end}`],
      ["GHIJ", "abcde", `c${end}`],
    ],
  );
  assert.deepEqual(truncated, { prompt: 2, chosen: 2, rejected: 0 });
  assert.deepEqual(dropped, []);
  const options = { maxLength: 9, chatTemplate: "never" } as const;
  const start = tokenizePairs(pairs, tokenizer, { ...options, truncation: "keep_start" });
  assert.equal(text(start.pairs[0]!.promptIds), "012345");
  const fixed = tokenizePairs(pairs, tokenizer, { ...options, maxPromptLength: 5 });
  assert.equal(text(fixed.pairs[0]!.promptIds), "56789", "whatever the answers leave");
  const whole = tokenizePairs(pairs, tokenizer, { ...options, truncation: "drop" });
  assert.deepEqual(whole.pairs.map(({ id }) => id), ["fits"]);
  assert.deepEqual(whole.dropped.map(({ id }) => id), ["long prompt", "long answer", "both long"]);
  assert.equal(whole.dropped[0]?.reason, "longer than 9 tokens");
  assert.deepEqual(whole.truncated, { prompt: 0, chosen: 0, rejected: 0 });
});

Deno.test("a prompt that fits beside its answers is whole, and pairs of one prompt keep one", () => {
  const tokenizer = tinyTokenizer(null);
  const prompt = "0123456789";
  const pairsOf = (...answers: string[]) =>
    answers.map((chosen, i) => ({ id: `${i}`, prompt, chosen, rejected: "x" }));
  const promptsOf = (answers: string[], more = {}) =>
    tokenizePairs(pairsOf(...answers), tokenizer, { maxLength: 14, chatTemplate: "never", ...more })
      .pairs.map(({ promptIds }) => tokenizer.decode(promptIds));
  assert.deepEqual(promptsOf(["abc"]), [prompt]);
  assert.deepEqual(promptsOf(["abc", "a"]), [prompt, prompt]);
  assert.deepEqual(promptsOf(["abc", "abcde", "a"]), ["23456789", "23456789", "23456789"]);
  assert.deepEqual(promptsOf(["abc", "abcde"], { truncation: "drop" }), [prompt], "one fits");
});

Deno.test("a prompt that is cut at its start keeps the token that texts begin with", () => {
  const tokenizer = { ...tinyTokenizer(null), bosTokenId: TINY_TOKENS.start };
  const pair = { id: "a", prompt: "0123456789", chosen: "abcd", rejected: "x" };
  const ids = (truncation: "keep_end" | "keep_start") => [
    ...tokenizePairs([pair], tokenizer, { maxLength: 11, chatTemplate: "never", truncation })
      .pairs[0]!.promptIds,
  ];
  assert.deepEqual(ids("keep_end"), [TINY_TOKENS.start, ...tokenizer.encode("56789")]);
  assert.deepEqual(ids("keep_start"), [TINY_TOKENS.start, ...tokenizer.encode("01234")]);
});

Deno.test("pairs that truncation makes equal are dropped with the reason", () => {
  const tokenizer = tinyTokenizer(null);
  const same = { id: "x", prompt: "01", chosen: "abcdefgh1", rejected: "abcdefgh2" };
  const { pairs, dropped } = tokenizePairs([same, PAIR], tokenizer, { maxLength: 8 });
  assert.deepEqual(pairs.map(({ id }) => id), ["a"]);
  assert.deepEqual(dropped, [{ id: "x", reason: "chosen = rejected in their 6 tokens" }]);
  assert.throws(() => tokenizePairs([same], tokenizer, { maxLength: 8 }), {
    name: "UserError",
    message: /^no pair is left of 1: pair x was dropped \(chosen = rejected in their 6 tokens\)/,
  });
  const blank = tokenizePairs([{ ...PAIR, id: "b", prompt: "<|endoftext|>" }, PAIR], {
    ...tokenizer,
    encode: (text) => text === "<|endoftext|>" ? new Int32Array() : tokenizer.encode(text),
  }, { maxLength: 20 });
  assert.deepEqual(blank.dropped, [{ id: "b", reason: "the prompt has no token" }]);
});

Deno.test("impossible lengths are refused", () => {
  const tokenizer = tinyTokenizer();
  for (
    const [options, message] of [
      [{ maxLength: 129, contextLength: 128 }, /--max-length 129 exceeds .* context of 128 tokens/],
      [{ maxLength: 1 }, /--max-length must be an integer of at least 2, got 1$/],
      [{ maxLength: NaN }, /got NaN$/],
      [{ maxLength: 10, maxPromptLength: 10 }, /between 1 and 9 tokens, got 10$/],
      [{ maxLength: 10, maxPromptLength: 0 }, /between 1 and 9 tokens, got 0$/],
    ] as const
  ) {
    assert.throws(() => tokenizePairs([PAIR], tokenizer, options), { name: "UserError", message });
  }
});

Deno.test("random pairs: limits hold, an uncut answer ends with the end token, prompts agree", () => {
  const tokenizer = tinyTokenizer();
  const prng = createPrng(3, "tokenize-pairs");
  const words = ["the ", "er", "é", "😀", " in", "\n", "x"];
  const text = (most: number) =>
    Array.from({ length: 1 + prng.integer(most) }, () => words[prng.integer(words.length)]).join(
      "",
    );
  const pairs = Array.from({ length: 300 }, (_, i) => ({
    id: `${i}`,
    prompt: text(40),
    chosen: text(60),
    rejected: text(60),
  }));
  const maxLength = 90;
  const { pairs: kept, truncated, dropped } = tokenizePairs(pairs, tokenizer, { maxLength });
  assert.equal(kept.length + dropped.length, pairs.length);
  const counted = { prompt: 0, chosen: 0, rejected: 0 };
  for (const { id, promptIds, chosenIds, rejectedIds } of kept) {
    const whole = tokenizePair(pairs[Number(id)]!, tokenizer);
    const longer = Math.max(whole.chosenIds.length, whole.rejectedIds.length);
    assert.ok(promptIds.length >= 1 && promptIds.length < maxLength);
    assert.deepEqual(promptIds, whole.promptIds.slice(-Math.max(45, maxLength - longer)));
    if (promptIds.length < whole.promptIds.length) counted.prompt++;
    for (
      const [side, ids, all] of [
        ["chosen", chosenIds, whole.chosenIds],
        ["rejected", rejectedIds, whole.rejectedIds],
      ] as const
    ) {
      assert.ok(ids.length >= 1 && promptIds.length + ids.length <= maxLength);
      assert.deepEqual(ids, all.slice(0, ids.length));
      assert.equal(all.at(-1), TINY_TOKENS.end);
      if (ids.length < all.length) {
        counted[side]++;
        assert.equal(promptIds.length + ids.length, maxLength);
      }
    }
  }
  assert.deepEqual(truncated, counted);
  assert.ok(counted.prompt > 0 && counted.chosen > 0 && counted.rejected > 0);
});
