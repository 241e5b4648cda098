import { extractPromptMessages } from "../../data/extract_prompt.ts";
import { textField } from "../../data/record_fields.ts";
import { UserError } from "../../errors.ts";
import type { DatasetSchema } from "../dataset_row.ts";
import { pairColumns } from "../pair_columns.ts";

/**
 * UltraFeedback Binarized: `chosen` and `rejected` are conversations that start with the prompt, and
 * `score_chosen` and `score_rejected` are GPT-4's scores from 1 to 10. As in TRL, a `prompt` that is
 * text is a copy of their start, and one of messages stands apart from them.
 */
export const ultrafeedback: DatasetSchema = {
  name: "ultrafeedback",
  description: "UltraFeedback Binarized (HuggingFaceH4/ultrafeedback_binarized:train_prefs)",
  matches: (fields) =>
    ["score_chosen", "score_rejected"].every((name) => Object.hasOwn(fields, name)) &&
    Array.isArray(fields.chosen) && Array.isArray(fields.rejected),
  read: (where, fields) => {
    const chosen = textField(where, fields, "chosen");
    const rejected = textField(where, fields, "rejected");
    if (typeof chosen === "string" || typeof rejected === "string") {
      throw new UserError(`${where}: "chosen" and "rejected" must be lists of messages`);
    }
    const last = [chosen.at(-1), rejected.at(-1)];
    if (last.some((message) => message?.role !== "assistant")) {
      return { kind: "dropped", reason: "the last turn is not the assistant's" };
    }
    if (last.some((message) => message?.content.trim() === "")) {
      return { kind: "dropped", reason: "an empty response" };
    }
    if (Array.isArray(fields.prompt)) {
      const prompt = textField(where, fields, "prompt");
      return { kind: "pair", prompt, chosen, rejected, ...pairColumns(where, fields) };
    }
    const split = extractPromptMessages(chosen, rejected);
    if (split === undefined) {
      return { kind: "dropped", reason: "the conversations share no prompt" };
    }
    return { kind: "pair", ...split, ...pairColumns(where, fields) };
  },
};
