import type { TextTokenizer } from "./tokenizer.ts";

/** Where a text follows one that is not known: what no tokenizer joins with a word. */
export const AFTER = "\n";

/**
 * The ids of a text that continues another. Tokenizers that put a space before every text
 * (SentencePiece's: Llama 2, TinyLlama, Mistral) would begin it with a token that no model generates
 * there, so it is encoded together with what it follows, as TRL does; where the two share a token,
 * behind a line break. Other tokenizers encode it alone.
 *
 * @param before what the text follows; empty where it follows nothing
 */
export function encodeContinuation(
  tokenizer: TextTokenizer,
  before: string,
  text: string,
): Int32Array {
  if (tokenizer.addsPrefixSpace && before !== "" && text !== "") {
    for (const start of [before, AFTER]) {
      const alone = tokenizer.encode(start);
      const together = tokenizer.encode(start + text);
      if (alone.every((id, i) => id === together[i])) return together.slice(alone.length);
    }
  }
  return tokenizer.encode(text);
}
