import { asConversation } from "../../../lib/data/as_conversation.ts";
import type { PreferencePair } from "../../../lib/data/preference.ts";
import { writePreferences } from "../../../lib/data/write_jsonl.ts";
import type { OpenedPreferences } from "../../../lib/environments/preference_file/open_preferences.ts";
import { textOf } from "../../../lib/report/example_text.ts";
import type { GeneratedExample } from "../../../lib/report/selection_summary.ts";
import type { SeraIteration } from "../../../lib/sera/types.ts";

/** A generated pair as text. */
export interface GeneratedText {
  readonly iteration: number;
  readonly pair: PreferencePair;
  readonly chosenReward: number;
  readonly rejectedReward: number;
}

/** The pairs that the policy made, as text in the form of the given ones. */
export function generatedTexts(
  iterations: readonly SeraIteration[],
  { files: { tokenizer }, file, pairs }: OpenedPreferences,
  chatTemplate: "auto" | "always" | "never",
): GeneratedText[] {
  const idByPrompt = new Map(pairs.map((pair) => [pair.promptIds.join(), pair.id]));
  const givenById = new Map(file.pairs.map((pair) => [pair.id, pair]));
  const text = (ids: Int32Array) => tokenizer.decode(ids, { skipSpecialTokens: true });
  return iterations.flatMap(({ iteration, generated }) =>
    generated.map(({ id, promptIds, chosenIds, rejectedIds, chosenReward, rejectedReward }) => {
      const given = givenById.get(idByPrompt.get(promptIds.join()) ?? "");
      const prompt = given?.prompt ?? text(promptIds);
      const answer = (ids: Int32Array) =>
        typeof prompt === "string" ? text(ids) : [{ role: "assistant", content: text(ids) }];
      const pair = { id, prompt, chosen: answer(chosenIds), rejected: answer(rejectedIds) };
      // TRL applies no template to plain text.
      const templated = chatTemplate !== "never" && tokenizer.hasChatTemplate;
      return {
        ...{ iteration, chosenReward, rejectedReward },
        pair: templated ? asConversation(pair) : pair,
      };
    })
  );
}

/** Writes generated pairs as TRL reads them, with their iteration and rewards. */
export function writeGenerated(path: string, generated: readonly GeneratedText[]): void {
  writePreferences(path, generated.map(({ pair }) => pair), (_, i) => ({
    iteration: generated[i]?.iteration,
    chosen_reward: generated[i]?.chosenReward,
    rejected_reward: generated[i]?.rejectedReward,
  }));
}

/** A generated pair for the report. */
export function exampleOf({ pair, ...rest }: GeneratedText): GeneratedExample {
  const { prompt, chosen, rejected } = pair;
  return { ...rest, prompt: textOf(prompt), chosen: textOf(chosen), rejected: textOf(rejected) };
}
