import { HUB_ID } from "../policy/io/hub.ts";
import { quoteWord } from "../quote_word.ts";
import { type Html, html } from "./html.ts";

/** What was made, for the commands that use it. */
export interface Usage {
  /** The model as it was given: a file, a folder or a hub id. */
  readonly model: string;
  /** Path of the adapter folder (or of the weights folder, for full fine-tuning). */
  readonly result: string;
  readonly kind: "adapter" | "weights";
}

/** Commands that use the aligned model. */
export function usageSection({ model, result, kind }: Usage): Html {
  const task = "npx -y deno@2.9.6 task";
  const policy = kind === "adapter"
    ? `--model ${shellWord(model)} --adapter ${shellWord(result)}`
    : `--model ${shellWord(result)}`;
  const score = kind === "adapter" ? policy : `${policy} --reference ${shellWord(model)}`;
  return html`<p>Write responses with it:</p>
<pre>${task} generate ${policy} --prompts prompts.jsonl --out responses.jsonl</pre>
<p>Score pairs with it:</p>
<pre>${task} score ${score} --data pairs.jsonl --out scored.jsonl</pre>
<p>Load it in Python:</p>
<pre>${python({ model, result, kind })}</pre>`;
}

function python({ model, result, kind }: Usage): string {
  if (kind === "weights") {
    return `from transformers import AutoModelForCausalLM

model = AutoModelForCausalLM.from_pretrained(${JSON.stringify(result)})`;
  }
  // Transformers takes a revision apart from the name.
  const [, hubId = model, revision] = HUB_ID.exec(model) ?? [];
  const slash = model.lastIndexOf("/");
  const base = model.toLowerCase().endsWith(".gguf")
    ? `${JSON.stringify(slash < 0 ? "." : model.slice(0, slash))}, gguf_file=${
      JSON.stringify(model.slice(slash + 1))
    }`
    : JSON.stringify(hubId) +
      (revision === undefined ? "" : `, revision=${JSON.stringify(revision)}`);
  return `from peft import PeftModel
from transformers import AutoModelForCausalLM

base = AutoModelForCausalLM.from_pretrained(${base})
model = PeftModel.from_pretrained(base, ${JSON.stringify(result)})`;
}

/** One word for a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : quoteWord(text);
}
