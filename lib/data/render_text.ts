import { UserError } from "../errors.ts";
import type { ChatMessage } from "../text/chat_message.ts";
import type { TextTokenizer } from "../text/tokenizer.ts";
import type { PreferencePair, TextOrMessages } from "./preference.ts";

/**
 * When a text prompt is wrapped as one user message of the model's chat template: if the model
 * has one (`auto`), or with a `UserError` if it has none (`always`), or not (`never`).
 * Conversations always need the template.
 */
export type ChatTemplateUse = "auto" | "always" | "never";

/** The texts of a preference pair, ready to be tokenised one by one. */
export interface RenderedPair {
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: string;
  /** Whether the prompt gets the tokenizer's beginning-of-sequence token (templates write their own). */
  readonly plain: boolean;
}

/**
 * The text of a prompt: plain, or through the chat template with the header of the answer.
 *
 * @throws {UserError} if messages are given without a template or `use` rules it out
 */
export function renderPrompt(
  prompt: TextOrMessages,
  tokenizer: TextTokenizer,
  use: ChatTemplateUse = "auto",
): { readonly text: string; readonly plain: boolean } {
  if (
    typeof prompt !== "string" || (use === "auto" ? tokenizer.hasChatTemplate : use === "always")
  ) {
    checkTemplate(prompt, tokenizer, use);
    const messages = typeof prompt === "string" ? [{ role: "user", content: prompt }] : prompt;
    return {
      text: tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true }),
      plain: false,
    };
  }
  return { text: prompt, plain: true };
}

/**
 * The texts of a pair. Conversations as in TRL 1.16: the template is applied to the prompt and to
 * prompt + completion, and the completion is what follows the prompt. Where a template writes a
 * prompt differently once an answer follows, the prompt ends where the texts part.
 */
export function renderPair(
  pair: PreferencePair,
  tokenizer: TextTokenizer,
  use: ChatTemplateUse = "auto",
): RenderedPair {
  const { text, plain } = renderPrompt(pair.prompt, tokenizer, use);
  const { prompt, chosen, rejected } = pair;
  if (typeof prompt === "string" || typeof chosen === "string" || typeof rejected === "string") {
    if (typeof chosen !== "string" || typeof rejected !== "string") {
      throw new UserError(`a text prompt needs text answers, not messages`);
    }
    return { prompt: text, chosen, rejected, plain };
  }
  const withChosen = applyTemplate(tokenizer, [...prompt, ...chosen]);
  const withRejected = applyTemplate(tokenizer, [...prompt, ...rejected]);
  const end = Math.min(sharedLength(text, withChosen), sharedLength(text, withRejected));
  return {
    prompt: text.slice(0, end),
    chosen: withChosen.slice(end),
    rejected: withRejected.slice(end),
    plain,
  };
}

function applyTemplate(tokenizer: TextTokenizer, messages: readonly ChatMessage[]): string {
  return tokenizer.applyChatTemplate(messages, { addGenerationPrompt: false });
}

function checkTemplate(
  prompt: TextOrMessages,
  tokenizer: TextTokenizer,
  use: ChatTemplateUse,
): void {
  if (typeof prompt !== "string" && use === "never") {
    throw new UserError(
      "the data holds conversations, which need the chat template: drop --chat-template never",
    );
  }
  if (tokenizer.hasChatTemplate) return;
  throw new UserError(
    typeof prompt === "string"
      ? "the model has no chat template: use --chat-template auto or never"
      : "the data holds conversations, but the model has no chat template: use an instruction-tuned " +
        "model or plain-text data, or give it one with `sft --template`",
  );
}

function sharedLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}
