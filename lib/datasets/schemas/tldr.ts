import type { FieldMap } from "../../data/record_fields.ts";
import { UserError } from "../../errors.ts";
import type { DatasetSchema } from "../dataset_row.ts";

function textOf(fields: FieldMap, name: string): string {
  const value = fields[name];
  return typeof value === "string" ? value : "";
}

/**
 * OpenAI's comparisons of summaries: `info` holds the post, `summaries` two texts, `choice` the
 * preferred one. Prompt and summary are written as TRL's `tldr-preference` writes them.
 */
export const tldr: DatasetSchema = {
  name: "tldr",
  description: "TL;DR comparisons (openai/summarize_from_feedback, config comparisons)",
  matches: ({ info, summaries, choice }) =>
    typeof info === "object" && info !== null && Array.isArray(summaries) && choice !== undefined,
  read: (where, fields) => {
    const info = (fields.info ?? {}) as FieldMap;
    const summaries = fields.summaries as readonly FieldMap[];
    const choice = Number(fields.choice);
    if (!Array.isArray(summaries) || summaries.length !== 2 || (choice !== 0 && choice !== 1)) {
      throw new UserError(
        `${where}: expected two "summaries" and a "choice" of 0 or 1, got ` +
          `${Array.isArray(summaries) ? summaries.length : "none"} and ${fields.choice}`,
      );
    }
    const post = textOf(info, "post");
    if (post === "") {
      return {
        kind: "dropped",
        reason: textOf(info, "article") === "" ? "no post" : "a news article, not a post",
      };
    }
    const [chosen, rejected] = [choice, 1 - choice].map((i) =>
      textOf(summaries[i] as FieldMap, "text").trim()
    );
    if (!chosen || !rejected) return { kind: "dropped", reason: "an empty summary" };
    const prompt = `SUBREDDIT: r/${textOf(info, "subreddit")}\n\n` +
      `TITLE: ${textOf(info, "title")}\n\nPOST: ${post.replaceAll("\n\n", "\n")}\n\nTL;DR:`;
    return { kind: "pair", prompt, chosen: ` ${chosen}`, rejected: ` ${rejected}` };
  },
};
