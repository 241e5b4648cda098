import assert from "node:assert/strict";
import { createHfTokenizer } from "../../lib/text/hf_tokenizer.ts";
import type { TextTokenizer } from "../../lib/text/tokenizer.ts";
import { openModel } from "../../lib/policy/io/load.ts";
import { assertUserError } from "../support/errors.ts";
import { sharedDataFile, smollm2Path } from "../support/smollm2.ts";
import { TINY_TOKENS, TINY_VOCAB_SIZE, tinyTokenizerFiles } from "../support/tiny_model.ts";

interface Golden {
  texts: string[];
  smollm2: { ids: number[][]; decoded: string[] };
  small: {
    pieces: string[];
    merges: string[];
    cases: { name: string; preTokenizer: Record<string, unknown>; ids: number[][] }[];
  };
}

/** Made by tools/parity/tokenizer_reference.py with transformers and its Rust tokenizers. */
const golden: Golden = JSON.parse(
  await Deno.readTextFile(new URL("tokenizer_ids.json", import.meta.url)),
);

type Json = Record<string, unknown>;
const tiny = tinyTokenizerFiles() as { tokenizer: Json; tokenizerConfig: Json };

function tinyTokenizer(tokenizer: Json = {}, tokenizerConfig: Json = {}): TextTokenizer {
  return createHfTokenizer({
    origin: "tiny",
    tokenizer: { ...tiny.tokenizer, ...tokenizer },
    tokenizerConfig: { ...tiny.tokenizerConfig, ...tokenizerConfig },
  });
}

for (const { name, preTokenizer, ids } of golden.small.cases) {
  Deno.test(`pre-tokenizer ${name} cuts as the Rust library cuts`, () => {
    const { pieces, merges } = golden.small;
    const vocab = Object.fromEntries(pieces.map((piece, id) => [piece, id]));
    const tokenizer = createHfTokenizer({
      origin: name,
      tokenizer: {
        ...tiny.tokenizer,
        added_tokens: [],
        pre_tokenizer: preTokenizer,
        model: { ...(tiny.tokenizer.model as Json), vocab, merges },
      },
      tokenizerConfig: {},
      eosTokenIds: [0],
    });
    golden.texts.forEach((text, i) => {
      assert.deepEqual([...tokenizer.encode(text)], ids[i], JSON.stringify(text));
      assert.equal(tokenizer.decode(ids[i]!), text);
    });
  });
}

Deno.test({
  name: "SmolLM2's GGUF tokenizer gives transformers' ids and texts",
  ignore: smollm2Path === undefined,
  async fn() {
    const { tokenizer } = await openModel(smollm2Path!);
    golden.texts.forEach((text, i) => {
      assert.deepEqual([...tokenizer.encode(text)], golden.smollm2.ids[i], JSON.stringify(text));
      assert.equal(tokenizer.decode(golden.smollm2.ids[i]!), golden.smollm2.decoded[i]);
    });
  },
});

const logpsPath = sharedDataFile("smollm2_logps.json");

Deno.test({
  name: "SmolLM2's prompts and completions have the parity reference's token ids",
  ignore: smollm2Path === undefined || logpsPath === undefined,
  async fn() {
    const { tokenizer } = await openModel(smollm2Path!);
    const { rows } = JSON.parse(await Deno.readTextFile(logpsPath!));
    assert.equal(rows.length, 8);
    for (const row of rows) {
      const prompt = tokenizer.applyChatTemplate([{ role: "user", content: row.prompt }], {
        addGenerationPrompt: true,
      });
      const end = tokenizer.decode([tokenizer.eosTokenId]);
      assert.equal(end, "<|im_end|>");
      assert.deepEqual([...tokenizer.encode(prompt)], row.prompt_ids);
      assert.deepEqual([...tokenizer.encode(row.chosen + end)], row.chosen_ids);
      assert.deepEqual([...tokenizer.encode(row.rejected + end)], row.rejected_ids);
    }
  },
});

Deno.test("special tokens: recognised in text, skipped on demand, none added", () => {
  const tokenizer = tinyTokenizer();
  assert.equal(tokenizer.vocabSize, TINY_VOCAB_SIZE);
  assert.equal(tokenizer.eosTokenId, TINY_TOKENS.end);
  assert.deepEqual(tokenizer.stopTokenIds, [TINY_TOKENS.end]);
  assert.equal(tokenizer.bosTokenId, undefined);
  const ids = tokenizer.encode("the hall<|im_end|>");
  assert.equal(ids.at(-1), TINY_TOKENS.end);
  assert.equal(tokenizer.decode(ids), "the hall<|im_end|>");
  assert.equal(tokenizer.decode(ids, { skipSpecialTokens: true }), "the hall");
  assert.equal(tokenizer.encode("").length, 0);
  assert.equal(tokenizer.decode([]), "");
  assert.equal(tokenizer.decode([TINY_VOCAB_SIZE + 5]), "");
});

Deno.test("a beginning-of-sequence token counts only if the tokenizer itself prepends it", () => {
  const token = "<|im_start|>";
  const tokenizer = tinyTokenizer({
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: token, type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
      pair: [],
      special_tokens: { [token]: { id: token, ids: [1], tokens: [token] } },
    },
  });
  assert.equal(tokenizer.bosTokenId, TINY_TOKENS.start);
  assert.notEqual(tokenizer.encode("a")[0], TINY_TOKENS.start);
});

Deno.test("chat templates: text, generation prompt, several by name, dates", async () => {
  const messages = [{ role: "user", content: "Hi" }];
  const prompt = "<|im_start|>user\nHi<|im_end|>\n";
  const tokenizer = tinyTokenizer();
  assert.equal(tokenizer.applyChatTemplate(messages), prompt);
  assert.equal(
    tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true }),
    prompt + "<|im_start|>assistant\n",
  );
  const render = (chat_template: unknown) =>
    tinyTokenizer({}, { chat_template }).applyChatTemplate(messages);
  assert.equal(
    render([{ name: "tool_use", template: "no" }, { name: "default", template: "yes" }]),
    "yes",
  );
  assert.equal(render({ default: "yes", rag: "no" }), "yes");
  assert.equal(render("{{ bos_token }}{{ eos_token }}"), "<|im_start|><|im_end|>");
  assert.equal(render("{{ strftime_now('%d %b %Y') }}"), "26 Jul 2024");
  assert.equal(render("{% for i in range(3) %}\n{{ i }}\n{% endfor %}\n"), "0\n1\n2\n");
  await assertUserError(() => render("{{ raise_exception('no\nsystem') }}"), "tiny", "no system");
  await assertUserError(() => render("{% if %}"), "tiny", "chat template does not parse");
  await assertUserError(() => render([{ name: "a", template: "x" }, { name: "b" }]), "a, b");
  const plain = tinyTokenizer({}, { chat_template: null });
  assert.equal(plain.hasChatTemplate, false);
  await assertUserError(() => plain.applyChatTemplate(messages), "no chat template");
});

Deno.test("chat_template.jinja goes before the configuration's template", () => {
  const tokenizer = createHfTokenizer({
    origin: "tiny",
    tokenizer: tiny.tokenizer,
    tokenizerConfig: tiny.tokenizerConfig,
    chatTemplate: "file",
  });
  assert.equal(tokenizer.applyChatTemplate([]), "file");
});

Deno.test("the fingerprint follows vocabulary, configuration and template", () => {
  const model = tiny.tokenizer.model as Json;
  const fingerprints = [
    tinyTokenizer(),
    tinyTokenizer({ model: { ...model, merges: (model.merges as string[]).slice(1) } }),
    tinyTokenizer({}, { chat_template: "x" }),
    tinyTokenizer({}, { eos_token: "<|endoftext|>" }),
  ].map((tokenizer) => tokenizer.fingerprint);
  assert.equal(new Set(fingerprints).size, 4);
  assert.equal(tinyTokenizer().fingerprint, fingerprints[0]);
});

Deno.test("unusable tokenizer files are named", async () => {
  await assertUserError(() => tinyTokenizer({ model: { type: "Magic" } }), "tiny", "Magic");
  await assertUserError(() => tinyTokenizer({}, { eos_token: null }), "end-of-sequence");
  await assertUserError(() => tinyTokenizer({}, { eos_token: "<absent>" }), "<absent>");
});
