import assert from "node:assert/strict";
import { renderPair, renderPrompt } from "../../lib/data/render_text.ts";
import golden from "./trl_formats.json" with { type: "json" };
import { tinyTokenizer } from "./tiny_tokenizer.ts";

Deno.test("conversations render as by TRL's apply_chat_template", () => {
  let compared = 0;
  for (const { template, prompt, chosen, rejected, split } of golden.rendered) {
    const source = golden.templates[template as keyof typeof golden.templates];
    const found = renderPair({ id: "0", prompt, chosen, rejected }, tinyTokenizer(source));
    assert.deepEqual([found.prompt, found.chosen, found.rejected], split, template);
    assert.equal(found.plain, false);
    compared++;
  }
  assert.equal(compared, 16);
});

Deno.test("a text prompt is one user message where there is a template, else plain", () => {
  const pair = { id: "0", prompt: "Hi", chosen: "a", rejected: "b" };
  const wrapped = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n";
  const chat = tinyTokenizer();
  const plain = tinyTokenizer(null);
  const expected = { prompt: wrapped, chosen: "a", rejected: "b", plain: false };
  assert.deepEqual(renderPair(pair, chat), expected);
  assert.deepEqual(renderPrompt("Hi", chat, "always"), { text: wrapped, plain: false });
  assert.deepEqual(renderPrompt("Hi", chat, "never"), { text: "Hi", plain: true });
  assert.deepEqual(renderPrompt("Hi", plain, "auto"), { text: "Hi", plain: true });
});

Deno.test("conversations without a usable template are refused with what to do", () => {
  const talk = [{ role: "user", content: "Hi" }];
  assert.throws(() => renderPrompt(talk, tinyTokenizer(), "never"), {
    name: "UserError",
    message: /drop --chat-template never$/,
  });
  assert.throws(() => renderPrompt(talk, tinyTokenizer(null)), { message: /no chat template/ });
  assert.throws(() => renderPrompt("Hi", tinyTokenizer(null), "always"), {
    message: /the model has no chat template: use --chat-template auto or never$/,
  });
});
