/** One message of a conversation, in the `messages` format of chat templates. */
export interface ChatMessage {
  /** Who speaks: "system", "user", "assistant", or what the template knows. */
  readonly role: string;
  /** What was said. */
  readonly content: string;
}
