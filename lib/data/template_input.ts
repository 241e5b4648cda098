import { UserError } from "../errors.ts";
import type { FieldMap } from "./record_fields.ts";

/** Fields that hold conversations; the last three in evaluation sets. */
const CONVERSATIONS = [
  ...["prompt", "chosen", "rejected", "completion", "messages"],
  ...["instruction", "text", "Instruction"],
] as const;

/** What to do about something that was said. */
const WRITE_OUT = `write that into the messages' "content"`;

/** Fields of a message that a chat template writes out beside role and content, but not here. */
const BESIDE_CONTENT = {
  tool_calls: "calls of tools",
  reasoning_content: "reasoning beside the answer",
  thinking: "reasoning beside the answer",
} as const;

/** Fields of a record that a chat template is given beside the messages, in TRL, but not here. */
const BESIDE_MESSAGES = {
  tools: { place: "the tools", reason: "a list of tools", advice: WRITE_OUT },
  chat_template_kwargs: {
    place: "its options",
    reason: "options of the chat template",
    advice: "remove the field if the template's default will do",
  },
} as const;

/** Their names: readers of columns ask for them, too. */
export const TEMPLATE_COLUMNS: readonly string[] = Object.keys(BESIDE_MESSAGES);

/** A part of a record that chat templates write out or heed, but not here. */
interface TemplateInput {
  /** For messages: `field "chosen", message 2: its "tool_calls"`. */
  readonly place: string;
  /** Why the record is left out: the same words for the same cause. */
  readonly reason: string;
  /** How the record can be used all the same. */
  readonly advice: string;
}

/**
 * The first part of a record's conversations that chat templates know and this suite does not: the
 * calls or the reasoning of a message, the list of tools, or options of the template. As in TRL,
 * fields beside texts without messages are no part of them.
 */
export function templateInput(fields: FieldMap): TemplateInput | undefined {
  let conversational = false;
  for (const name of CONVERSATIONS) {
    const messages = fields[name];
    if (!Array.isArray(messages)) continue;
    conversational = true;
    for (const [i, message] of messages.entries()) {
      for (const [part, reason] of Object.entries(BESIDE_CONTENT)) {
        if (isEmpty(message?.[part])) continue;
        return {
          place: `field "${name}", message ${i + 1}: its "${part}"`,
          reason,
          advice: WRITE_OUT,
        };
      }
    }
  }
  if (!conversational) return undefined;
  for (const [name, { place, ...more }] of Object.entries(BESIDE_MESSAGES)) {
    if (!isEmpty(fields[name])) return { place: `field "${name}": ${place}`, ...more };
  }
  return undefined;
}

/**
 * Refuses a record whose chat template is given more than messages: without it they say something
 * else.
 *
 * @throws {UserError} naming record, field and message
 */
export function refuseTemplateInput(where: string, fields: FieldMap): void {
  const found = templateInput(fields);
  if (found === undefined) return;
  throw new UserError(
    `${where}: ${found.place} would be left out of the conversation: ${found.advice}, or leave ` +
      "the record out, as `data` does",
  );
}

/** Null, false, an empty list or object, or either as text (CSV, and TRL's tools as JSON). */
function isEmpty(value: unknown): boolean {
  if (value === false || isUnset(value)) return true;
  return typeof value === "string" && ["", "[]", "{}", "null"].includes(value.trim());
}

/** Null, an empty list, or an object of such values: Parquet gives it the fields that any other has. */
function isUnset(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.values(value).every(isUnset);
}
