import type { ChatMessage } from "../text/chat_message.ts";

/** Plain text (TRL's standard format) or messages (its conversational format). */
export type TextOrMessages = string | readonly ChatMessage[];

/**
 * One preference: for `prompt`, `chosen` was preferred to `rejected`.
 *
 * For conversations, `chosen` and `rejected` hold only the messages after the prompt.
 */
export interface PreferencePair {
  /** The record's own `id`, or its position in the file counted from 0. */
  readonly id: string;
  /** What is responded to. */
  readonly prompt: TextOrMessages;
  /** The response that was preferred. */
  readonly chosen: TextOrMessages;
  /** The other response. */
  readonly rejected: TextOrMessages;
  /** Where the record says so: true if the label was exchanged. */
  readonly flipped?: boolean;
}

/** A preference pair as token ids. Completions end with the end-of-sequence token unless truncated. */
export interface TokenizedPair {
  /** The pair's. */
  readonly id: string;
  /** At least one token. */
  readonly promptIds: Int32Array;
  /** At least one token. */
  readonly chosenIds: Int32Array;
  /** At least one token. */
  readonly rejectedIds: Int32Array;
  /** Known where we made the labels or the data say so: true if the label was flipped. */
  readonly flipped?: boolean;
}
