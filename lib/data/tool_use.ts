import { UserError } from "../errors.ts";
import type { FieldMap } from "./record_fields.ts";

/** Fields that hold conversations. */
const CONVERSATIONS = ["prompt", "chosen", "rejected", "completion", "messages"] as const;

/** What the records' own field is called that lists the tools of a conversation. */
export const TOOLS_COLUMN = "tools";

/** A part of a record that chat templates write out, but not here. */
interface ToolUse {
  /** For messages: `field "chosen", message 2: its "tool_calls"`. */
  readonly place: string;
  /** Why the record is left out: the same words for the same cause. */
  readonly reason: string;
}

/**
 * The first thing about tools in a record's conversations: the calls of a message, or the list of
 * tools. As in TRL, a list beside texts without messages is no part of them.
 */
export function toolUse(fields: FieldMap): ToolUse | undefined {
  let conversational = false;
  for (const name of CONVERSATIONS) {
    const messages = fields[name];
    if (!Array.isArray(messages)) continue;
    conversational = true;
    const caller = messages.findIndex((message) => !isEmpty(message?.tool_calls));
    if (caller < 0) continue;
    const place = `field "${name}", message ${caller + 1}: its "tool_calls"`;
    return { place, reason: "calls of tools" };
  }
  if (!conversational || isEmpty(fields[TOOLS_COLUMN])) return undefined;
  return { place: `field "${TOOLS_COLUMN}": the tools`, reason: "a list of tools" };
}

/**
 * Refuses a record whose conversations have to do with tools: without them they say something else.
 *
 * @throws {UserError} naming record, field and message
 */
export function refuseTools(where: string, fields: FieldMap): void {
  const found = toolUse(fields);
  if (found === undefined) return;
  throw new UserError(
    `${where}: ${found.place} would be left out of the conversation: write them into the ` +
      `messages' "content", or leave the record out, as \`data\` does`,
  );
}

/** Null, an empty list or object, or either as text (CSV, and TRL's tools as JSON). */
function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value === "string") return ["", "[]", "{}", "null"].includes(value.trim());
  return typeof value === "object" && Object.keys(value).length === 0;
}
