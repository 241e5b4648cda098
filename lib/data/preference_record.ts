import { UserError } from "../errors.ts";
import {
  extractPromptMessages,
  extractPromptText,
  sameText,
  type SplitPreference,
} from "./extract_prompt.ts";
import type { TextOrMessages } from "./preference.ts";
import { type FieldMap, hasField, textField } from "./record_fields.ts";

/** TRL's two axes of preference formats. */
export interface PreferenceFormat {
  /** Plain texts or lists of messages. */
  readonly style: "standard" | "conversational";
  /** A field of its own, or the shared start of `chosen` and `rejected`. */
  readonly prompt: "explicit" | "implicit";
}

/** A usable record, or undefined `preference` if chosen = rejected. */
export interface PreferenceRecord {
  readonly format: PreferenceFormat;
  readonly preference: SplitPreference | undefined;
}

/**
 * Reads one record in TRL's preference formats: `prompt`, `chosen`, `rejected`, or only the last
 * two with the prompt as their shared start. As in TRL's `maybe_extract_prompt`, a text prompt
 * beside conversations is a copy of their first message: the prompt is taken from the conversations.
 *
 * @throws {UserError} naming the record and the field at fault
 */
export function readPreferenceRecord(where: string, fields: FieldMap): PreferenceRecord {
  const chosen = textField(where, fields, "chosen");
  const rejected = textField(where, fields, "rejected");
  const style = styleOf(chosen);
  if (style !== styleOf(rejected)) {
    throw new UserError(
      `${where}: "chosen" and "rejected" must both be text or both be lists of messages`,
    );
  }
  const prompt = hasField(fields, "prompt") ? textField(where, fields, "prompt") : undefined;
  if (prompt !== undefined && styleOf(prompt) === "conversational" && style === "standard") {
    throw new UserError(
      `${where}: "prompt" is a list of messages but "chosen" is text; ` +
        'write the answers as [{"role": "assistant", "content": ...}]',
    );
  }
  const explicit = prompt !== undefined && styleOf(prompt) === style;
  const format = { style, prompt: explicit ? "explicit" : "implicit" } as const;
  if (sameText(chosen, rejected)) return { format, preference: undefined };
  if (explicit) return { format, preference: { prompt, chosen, rejected } };
  const preference = extractPrompt(chosen, rejected);
  if (preference === undefined) {
    throw new UserError(
      `${where}: field "prompt" is missing and "chosen" and "rejected" share no start to take it ` +
        "from; add a prompt field",
    );
  }
  return { format, preference };
}

function extractPrompt(
  chosen: TextOrMessages,
  rejected: TextOrMessages,
): SplitPreference | undefined {
  return typeof chosen === "string"
    ? extractPromptText(chosen, rejected as string)
    : extractPromptMessages(chosen, rejected as Exclude<TextOrMessages, string>);
}

function styleOf(value: TextOrMessages): "standard" | "conversational" {
  return typeof value === "string" ? "standard" : "conversational";
}
