import assert from "node:assert/strict";
import { tokenizerFilesFromGguf } from "../../lib/text/gguf_tokenizer.ts";
import { createHfTokenizer } from "../../lib/text/hf_tokenizer.ts";
import { assertUserError } from "../support/errors.ts";
import { tinyGgufTokenizerMetadata } from "../support/tiny_gguf.ts";
import { tinyTokenizerFiles } from "../support/tiny_model.ts";

Deno.test("a GGUF's metadata give the tokenizer of the same model's Hugging Face files", () => {
  const fromGguf = createHfTokenizer({
    origin: "gguf",
    ...tokenizerFilesFromGguf(tinyGgufTokenizerMetadata(), "gguf"),
  });
  const files = tinyTokenizerFiles() as {
    tokenizer: Record<string, unknown>;
    tokenizerConfig: Record<string, unknown>;
  };
  const fromFiles = createHfTokenizer({ origin: "files", ...files });
  for (const text of ["the train\n\n in 2024 ", "<|im_start|>on<|im_end|>", "ünï 😀"]) {
    assert.deepEqual(fromGguf.encode(text), fromFiles.encode(text));
    assert.equal(fromGguf.decode(fromGguf.encode(text)), text);
  }
  assert.equal(fromGguf.eosTokenId, fromFiles.eosTokenId);
  assert.equal(fromGguf.vocabSize, fromFiles.vocabSize);
  const messages = [{ role: "user", content: "Hi" }];
  assert.equal(fromGguf.applyChatTemplate(messages), fromFiles.applyChatTemplate(messages));
});

Deno.test("add_bos_token makes the tokenizer prepend it to plain prompts", () => {
  const metadata = tinyGgufTokenizerMetadata();
  const tokenizer = createHfTokenizer({
    origin: "gguf",
    ...tokenizerFilesFromGguf({ ...metadata, "tokenizer.ggml.add_bos_token": true }, "gguf"),
  });
  assert.equal(tokenizer.bosTokenId, 1);
});

Deno.test("tokenizers that cannot be rebuilt exactly are refused by name", async () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ "tokenizer.ggml.model": "bert" }, '"bert"'],
    [{ "tokenizer.ggml.model": undefined }, "tokenizer null"],
    [{ "tokenizer.ggml.pre": "tekken" }, '"tekken"'],
    [{ "tokenizer.ggml.tokens": undefined }, "tokenizer.ggml.tokens is missing"],
    [{ "tokenizer.ggml.merges": ["Ġ t", "broken"] }, 'tokenizer.ggml.merges[1] is "broken"'],
    [{ "tokenizer.ggml.token_type": [1, 2] }, "2 token types"],
    [{ "tokenizer.ggml.eos_token_id": 100000 }, "eos token 100000"],
  ];
  for (const [change, text] of cases) {
    const metadata = { ...tinyGgufTokenizerMetadata(), ...change };
    await assertUserError(() => tokenizerFilesFromGguf(metadata, "m.gguf"), "m.gguf", text);
  }
});
