import { readPreferenceRecord } from "../../data/preference_record.ts";
import { type FieldMap, hasField, textField } from "../../data/record_fields.ts";
import { UserError } from "../../errors.ts";
import type { DatasetSchema } from "../dataset_row.ts";
import { scoreGap } from "../score_gap.ts";

/** TRL's forms: preference, prompt and completion, and plain text; texts or messages. */
export const trl: DatasetSchema = {
  name: "trl",
  description: "TRL's forms (trl-lib/*): chosen and rejected, prompt and completion, or text",
  matches: (fields) =>
    (hasField(fields, "chosen") && hasField(fields, "rejected")) ||
    hasField(fields, "completion") || typeof fields.text === "string",
  read: (where, fields) => {
    if (hasField(fields, "chosen")) {
      const { preference } = readPreferenceRecord(where, fields);
      return preference === undefined
        ? { kind: "dropped", reason: "chosen = rejected" }
        : { kind: "pair", ...preference, ...scoreGap(where, fields) };
    }
    if (hasField(fields, "label")) {
      throw new UserError(
        `${where}: an unpaired preference (completion and label): pairs need both answers`,
      );
    }
    return hasField(fields, "completion") ? completionOf(where, fields) : {
      kind: "demonstration",
      prompt: "",
      completion: textField(where, fields, "text"),
    };
  },
};

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
