/** The chat template beside an adapter that was trained with one of its own: `sft --template`. */
import { join } from "node:path";
import { messageOf, UserError } from "../../errors.ts";
import { writeDurably } from "../../files/durable_file.ts";
import type { ModelFiles } from "./model_files.ts";
import { withChatTemplate } from "./with_chat_template.ts";

const TEMPLATE = "chat_template.jinja";

/** A model with the chat template that lies beside an adapter, if one does. */
export function withAdapterTemplate(files: ModelFiles, adapter: string | undefined): ModelFiles {
  if (adapter === undefined) return files;
  const path = join(adapter, TEMPLATE);
  let template: string;
  try {
    template = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return files;
    }
    throw new UserError(`${path}: cannot be read (${messageOf(error)})`);
  }
  return withChatTemplate(files, template);
}

/**
 * Saves a model's chat template and tokenizer beside its adapter: the base model's have another
 * template, or none. `AutoTokenizer.from_pretrained(adapter)` then reads both, too.
 */
export function saveAdapterTemplate(adapter: string, files: ModelFiles): void {
  for (const [name, bytes] of files.sourceFiles) {
    if (name === TEMPLATE || /^(tokenizer|special_tokens)/.test(name)) {
      writeDurably(join(adapter, name), [bytes]);
    }
  }
}
