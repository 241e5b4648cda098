import { UserError } from "../errors.ts";
import type { ChatMessage } from "../text/chat_message.ts";
import type { TextOrMessages } from "./preference.ts";
import { kindOf, shownValue, type SourceRecord } from "./source_record.ts";

/** The fields that hold a preference. */
export const PREFERENCE_COLUMNS: readonly string[] = ["id", "prompt", "chosen", "rejected"];
/** The fields of a preference record that are read. */
export const USED_COLUMNS: readonly string[] = [...PREFERENCE_COLUMNS, "flipped"];

/** A record that is known to be an object. */
export type FieldMap = Readonly<Record<string, unknown>>;

/** The record's fields. Throws `UserError` if it is not an object. */
export function fieldsOf(record: SourceRecord, expected: string): FieldMap {
  const { value, where } = record;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as FieldMap;
  }
  throw new UserError(`${where}: expected an object with ${expected}, got ${kindOf(value)}`);
}

/** Whether the record has the field at all; null counts as having it. */
export function hasField(fields: FieldMap, name: string): boolean {
  return Object.hasOwn(fields, name) && fields[name] !== undefined;
}

/**
 * A field that holds text or a list of messages.
 *
 * @throws {UserError} naming record and field if it is missing, empty or of another type
 */
export function textField(where: string, fields: FieldMap, name: string): TextOrMessages {
  const value = fields[name];
  if (!hasField(fields, name)) {
    const found = Object.keys(fields).join(", ") || "none";
    throw new UserError(`${where}: field "${name}" is missing; fields found: ${found}`);
  }
  if (typeof value === "string" && value !== "") return value;
  if (Array.isArray(value) && value.length > 0) {
    const messages = value.map((message, i) => toMessage(`${where}: field "${name}"`, message, i));
    if (messages.every(({ content }) => content === "")) {
      throw new UserError(`${where}: field "${name}" has no message with content`);
    }
    return messages;
  }
  throw new UserError(
    `${where}: field "${name}" must be text or a list of messages, got ${kindOf(value)}`,
  );
}

function toMessage(where: string, value: unknown, index: number): ChatMessage {
  const position = `${where}, message ${index + 1}`;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UserError(`${position}: expected {"role", "content"}, got ${kindOf(value)}`);
  }
  const { role, content } = value as Record<string, unknown>;
  for (const [key, part] of [["role", role], ["content", content]] as const) {
    if (typeof part === "string" && (key === "content" || part !== "")) continue;
    if (key === "content" && Array.isArray(part)) continue;
    const problem = part === undefined
      ? `is missing; it has: ${Object.keys(value).join(", ") || "nothing"}`
      : `must be text, got ${kindOf(part)}`;
    throw new UserError(`${position}: "${key}" ${problem}`);
  }
  return { role: role as string, content: contentText(`${position}: "content"`, content) };
}

/** A message's content, which may come as parts: `[{"type": "text", "text": ...}]`. */
function contentText(where: string, content: unknown): string {
  if (!Array.isArray(content)) return content as string;
  return content.map((part: unknown, i) => {
    const { type, text } = (part ?? {}) as Record<string, unknown>;
    if (type === "text" && typeof text === "string") return text;
    const what = type === "text" ? "has no text" : `is no text but ${type ?? kindOf(part)}`;
    throw new UserError(`${where}, part ${i + 1} ${what}: only text can be used`);
  }).join("");
}

/**
 * Whether the record says that its label was exchanged; undefined where it says nothing. CSV has
 * `true` and `false` as text.
 *
 * @throws {UserError} naming the record if `flipped` is neither
 */
export function flippedField(where: string, { flipped }: FieldMap): boolean | undefined {
  if (flipped === undefined || flipped === null || flipped === "") return undefined;
  const text = String(flipped).toLowerCase();
  if (text === "true" || text === "false") return text === "true";
  throw new UserError(`${where}: "flipped" is ${shownValue(flipped)}, neither true nor false`);
}

/**
 * The record's `id` as text, or its position counted from 0.
 *
 * @throws {UserError} if the id is neither text nor an integer, or was used before
 */
export function idField(
  where: string,
  fields: FieldMap,
  position: number,
  used: Map<string, string>,
): string {
  const value = fields["id"] ?? position;
  const usable = (typeof value === "string" && value !== "") || Number.isSafeInteger(value);
  if (!usable) {
    throw new UserError(
      `${where}: field "id" must be text or an integer, got ${kindOf(value)}`,
    );
  }
  const id = String(value);
  const earlier = used.get(id);
  if (earlier !== undefined) {
    throw new UserError(`${where}: id "${id}" was used before, at ${earlier}; ids must be unique`);
  }
  used.set(id, where);
  return id;
}
