import type { TextOrMessages } from "../../../lib/data/preference.ts";
import type { Response } from "../../../lib/policy/generate.ts";
import type { TextTokenizer } from "../../../lib/text/tokenizer.ts";

/** A prompt as its file has it. */
export interface GivenPrompt {
  readonly id: string;
  readonly prompt: TextOrMessages;
}

/** The rows that `generate` writes: prompts in order, and each prompt's responses. */
export function responseRows(
  prompts: readonly GivenPrompt[],
  responses: readonly (readonly Response[])[],
  tokenizer: TextTokenizer,
): Record<string, unknown>[] {
  return prompts.flatMap(({ id, prompt }, i) =>
    (responses[i] ?? []).map((response, index) => ({
      id,
      prompt,
      response: tokenizer.decode(response.ids, { skipSpecialTokens: true }),
      response_index: index,
      tokens: response.ids.length,
      finished: response.finished,
    }))
  );
}
