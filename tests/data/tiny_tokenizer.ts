import { createHfTokenizer } from "../../lib/text/hf_tokenizer.ts";
import type { TextTokenizer } from "../../lib/text/tokenizer.ts";
import { tinyTokenizerFiles } from "../support/tiny_model.ts";

/** The tiny byte-level tokenizer, with another chat template or (null) none. */
export function tinyTokenizer(template?: string | null): TextTokenizer {
  const { tokenizer, tokenizerConfig } = tinyTokenizerFiles() as {
    tokenizer: Record<string, unknown>;
    tokenizerConfig: Record<string, unknown>;
  };
  const { chat_template, ...rest } = tokenizerConfig;
  const chosen = template === undefined ? chat_template : template;
  return createHfTokenizer({
    origin: "tiny",
    tokenizer,
    tokenizerConfig: chosen === null ? rest : { ...rest, chat_template: chosen },
  });
}
