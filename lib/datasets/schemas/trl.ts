import { readPreferenceRecord } from "../../data/preference_record.ts";
import { type FieldMap, hasField, textField } from "../../data/record_fields.ts";
import { UserError } from "../../errors.ts";
import type { DatasetSchema } from "../dataset_row.ts";
import { pairColumns } from "../pair_columns.ts";

const EMPTY = { kind: "dropped", reason: "an empty response" } as const;

/** As an empty one: of records that tell what is empty by leaving it out. */
const MISSING = { kind: "dropped", reason: "a missing response" } as const;

/** TRL's forms: preference, prompt and completion, and plain text; texts or messages. */
export const trl: DatasetSchema = {
  name: "trl",
  description: "TRL's forms (trl-lib/*): chosen and rejected, prompt and completion, or text",
  matches: (fields) =>
    (hasField(fields, "chosen") && hasField(fields, "rejected")) ||
    hasField(fields, "completion") || typeof fields.text === "string",
  read: (where, fields) => {
    const answers = ["chosen", "rejected"];
    if (answers.some((name) => hasField(fields, name))) {
      if (!answers.every((name) => hasField(fields, name))) return MISSING;
      if (answers.some((name) => isEmpty(fields[name]))) return EMPTY;
      const { preference } = readPreferenceRecord(where, fields);
      return preference === undefined
        ? { kind: "dropped", reason: "chosen = rejected" }
        : { kind: "pair", ...preference, ...pairColumns(where, fields) };
    }
    if (hasField(fields, "label")) {
      throw new UserError(
        `${where}: an unpaired preference (completion and label): pairs need both answers`,
      );
    }
    if (hasField(fields, "completion")) {
      return isEmpty(fields.completion) ? EMPTY : completionOf(where, fields);
    }
    if (!hasField(fields, "text") && hasField(fields, "prompt")) return MISSING;
    if (hasField(fields, "text") && isEmpty(fields.text)) return EMPTY;
    return { kind: "demonstration", prompt: "", completion: textField(where, fields, "text") };
  },
};

/** Of messages the last one is looked at: the answer. */
function isEmpty(value: unknown): boolean {
  if (value === null) return true;
  if (typeof value === "string") return value.trim() === "";
  if (!Array.isArray(value)) return false;
  const { content } = (value.at(-1) ?? { content: "" }) as FieldMap;
  return typeof content === "string" && content.trim() === "";
}

function completionOf(where: string, fields: FieldMap): ReturnType<DatasetSchema["read"]> {
  const prompt = textField(where, fields, "prompt");
  const completion = textField(where, fields, "completion");
  if (typeof prompt !== typeof completion) {
    throw new UserError(
      `${where}: "prompt" and "completion" must both be text or both be lists of messages`,
    );
  }
  return { kind: "demonstration", prompt, completion };
}
