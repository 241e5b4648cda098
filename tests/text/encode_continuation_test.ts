import assert from "node:assert/strict";
import { tokenizePair, tokenizePrompt } from "../../lib/data/tokenize_pairs.ts";
import { encodeContinuation } from "../../lib/text/encode_continuation.ts";
import { createHfTokenizer } from "../../lib/text/hf_tokenizer.ts";
import { tinyTokenizer } from "../data/tiny_tokenizer.ts";
import { sentencePieceFiles } from "./sentence_piece.ts";

const pieces = Object.keys(sentencePieceFiles("normalizer").tokenizer.model.vocab);
const textsOf = (ids: Int32Array) => Array.from(ids, (id) => pieces[id]);

for (const form of ["normalizer", "metaspace"] as const) {
  Deno.test(`SentencePiece's space before a text is not put into answers (${form})`, () => {
    const files = sentencePieceFiles(form);
    const tokenizer = createHfTokenizer(files);
    assert.equal(tokenizer.addsPrefixSpace, true);
    const tokens = (before: string, text: string) =>
      textsOf(encodeContinuation(tokenizer, before, text));
    // As encoded together: `▁hi`, then this.
    assert.deepEqual(tokens("hi", " hello"), ["▁hello"]);
    assert.deepEqual(tokens("hi\n", "hello"), ["hello"]);
    // "hi" and "hihi" share a token: the answer begins as within a text.
    assert.deepEqual(tokens("h", "i hi"), ["i", "▁hi"]);
    // A text of its own keeps its space.
    assert.deepEqual(tokens("", "hello"), ["▁hello"]);
  });
}

Deno.test("a pair's completion continues its template's text", () => {
  const files = sentencePieceFiles("normalizer");
  const tokenizer = createHfTokenizer({
    ...files,
    chatTemplate: "{% for m in messages %}{{ '<' + m.role + '>\\n' + m.content + eos_token }}" +
      "{% endfor %}{% if add_generation_prompt %}{{ '<assistant>\\n' }}{% endif %}",
  });
  const pair = { id: "a", prompt: "hi", chosen: "hello", rejected: "hi" };
  const { promptIds, chosenIds, rejectedIds } = tokenizePair(pair, tokenizer);
  assert.deepEqual(textsOf(chosenIds), ["hello", "</s>"]);
  assert.deepEqual(textsOf(rejectedIds), ["hi", "</s>"]);
  assert.deepEqual(tokenizePrompt("hi", tokenizer), promptIds);
});

Deno.test("byte-level tokenizers encode what continues a text alone", () => {
  const tokenizer = tinyTokenizer();
  assert.equal(tokenizer.addsPrefixSpace, false);
  for (const text of ["hello", " hello", "\nhello"]) {
    assert.deepEqual(encodeContinuation(tokenizer, "assistant\n", text), tokenizer.encode(text));
  }
});
