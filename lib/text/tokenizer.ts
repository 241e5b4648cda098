import type { ChatMessage } from "./chat_message.ts";

/** Text to token ids and back, with the model's chat template. */
export interface TextTokenizer {
  /** Tokens V in the vocabulary. */
  readonly vocabSize: number;
  /** Appended to completions; generation stops at it. */
  readonly eosTokenId: number;
  /** Further ids that end a response. Includes `eosTokenId`. */
  readonly stopTokenIds: readonly number[];
  /** Prepended to plain prompts when the tokenizer itself does so, else undefined. */
  readonly bosTokenId: number | undefined;
  /**
   * Whether `encode` puts a space before every text, as SentencePiece's tokenizers do: what continues
   * a text then needs `encodeContinuation`.
   */
  readonly addsPrefixSpace: boolean;
  /** Whether `applyChatTemplate` works. */
  readonly hasChatTemplate: boolean;
  /** Changes when the vocabulary, merges or template change (caches are keyed by it). */
  readonly fingerprint: string;
  /** No special tokens are added; special tokens written out in the text are recognised. */
  encode(text: string): Int32Array;
  /** The text of token ids. */
  decode(ids: ArrayLike<number>, options?: { skipSpecialTokens?: boolean }): string;
  /** The prompt text the template makes of the messages. Throws `UserError` without a template. */
  applyChatTemplate(
    messages: readonly ChatMessage[],
    options?: { addGenerationPrompt?: boolean },
  ): string;
}
