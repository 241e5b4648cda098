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

Deno.test("add_bos_token, or llama.cpp's default for the pre-tokenizer, puts it before plain prompts", () => {
  const key = "tokenizer.ggml.add_bos_token";
  for (
    const [pre, said, bos] of [
      ["gpt-2", true, 1],
      ["gpt-2", undefined, undefined],
      ["smollm", undefined, undefined],
      // Llama 3's files do not say it.
      ["llama-bpe", undefined, 1],
      ["llama-bpe", false, undefined],
    ] as const
  ) {
    const metadata = { ...tinyGgufTokenizerMetadata(), "tokenizer.ggml.pre": pre, [key]: said };
    const files = tokenizerFilesFromGguf(metadata, "gguf");
    const tokenizer = createHfTokenizer({ origin: "gguf", ...files });
    assert.equal(tokenizer.bosTokenId, bos, `${pre}, ${said}`);
  }
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
