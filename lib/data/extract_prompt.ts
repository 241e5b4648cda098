import type { ChatMessage } from "../text/chat_message.ts";
import type { TextOrMessages } from "./preference.ts";

/** A preference whose prompt stands apart from its completions. */
export interface SplitPreference<T extends TextOrMessages = TextOrMessages> {
  readonly prompt: T;
  readonly chosen: T;
  readonly rejected: T;
}

/**
 * Splits the prompt off two conversations: the messages that both start with.
 *
 * As in TRL 1.16's `extract_prompt`, if one conversation starts with the whole of the other, the
 * last shared message counts as completion, so that no completion is empty. Returns undefined if
 * no message is left for the prompt.
 */
export function extractPromptMessages(
  chosen: readonly ChatMessage[],
  rejected: readonly ChatMessage[],
): SplitPreference<readonly ChatMessage[]> | undefined {
  const shorter = Math.min(chosen.length, rejected.length);
  let shared = 0;
  while (shared < shorter && sameMessage(chosen[shared], rejected[shared])) shared++;
  if (shared === shorter) shared--;
  return shared < 1 ? undefined : splitAt(shared, chosen, rejected);
}

/**
 * Splits the prompt off two texts: the characters that both start with, less one space before the
 * first difference.
 *
 * The rules are those of TRL 1.16's `extract_prompt`: words may be split ("green", "grey" share
 * "gre"), and if one text starts with the whole of the other, the last shared character counts as
 * completion. One difference: texts that differ in their first character share no prompt
 * (undefined); TRL then looks at the last character of `chosen` by a negative index.
 */
export function extractPromptText(
  chosen: string,
  rejected: string,
): SplitPreference<string> | undefined {
  const shorter = Math.min(chosen.length, rejected.length);
  let shared = 0;
  while (shared < shorter && chosen[shared] === rejected[shared]) shared++;
  const wholeOfOne = shared === shorter;
  if (wholeOfOne) shared--;
  if (splitsCharacter(chosen, shared) || splitsCharacter(rejected, shared)) shared--;
  if (!wholeOfOne && chosen[shared - 1] === " ") shared--;
  return shared < 1 ? undefined : splitAt(shared, chosen, rejected);
}

/** Whether two prompts or completions are the same text or the same messages. */
export function sameText(a: TextOrMessages, b: TextOrMessages): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  return a.length === b.length && a.every((message, i) => sameMessage(message, b[i]));
}

function sameMessage(a: ChatMessage | undefined, b: ChatMessage | undefined): boolean {
  return a?.role === b?.role && a?.content === b?.content;
}

/** Whether `index` lies between the two code units of one character. */
function splitsCharacter(text: string, index: number): boolean {
  return index > 0 && (text.codePointAt(index - 1) ?? 0) > 0xffff;
}

function splitAt<T extends string | readonly ChatMessage[]>(
  index: number,
  chosen: T,
  rejected: T,
): SplitPreference<T> {
  return {
    prompt: chosen.slice(0, index) as T,
    chosen: chosen.slice(index) as T,
    rejected: rejected.slice(index) as T,
  };
}
