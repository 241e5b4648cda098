import { textField } from "../../data/record_fields.ts";
import type { DatasetSchema } from "../dataset_row.ts";

/** UltraChat-200K, Capybara and others: one field `messages`, a whole conversation. */
export const conversations: DatasetSchema = {
  name: "messages",
  description: "UltraChat-200K (HuggingFaceH4/ultrachat_200k:train_sft), trl-lib/Capybara",
  matches: (fields) =>
    Array.isArray(fields.messages) && fields.chosen === undefined &&
    fields.completion === undefined,
  read: (where, fields) => {
    const messages = textField(where, fields, "messages");
    const last = typeof messages === "string"
      ? -1
      : messages.findLastIndex(({ role }) => role === "assistant");
    if (typeof messages === "string" || last < 0) {
      return { kind: "dropped", reason: "no turn of the assistant" };
    }
    if (last === 0) return { kind: "dropped", reason: "no turn before the assistant's" };
    if (messages[last]?.content.trim() === "") {
      return { kind: "dropped", reason: "an empty response" };
    }
    return {
      kind: "demonstration",
      prompt: messages.slice(0, last),
      completion: messages.slice(last, last + 1),
      conversation: true,
    };
  },
};
