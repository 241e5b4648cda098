import { choiceOption, integerOption, textOption } from "../../lib/cli/option.ts";

/** The model that a command works on. */
export const modelOption = textOption({
  flags: "--model <path>",
  description: "folder, .gguf file or hub id (owner/name)",
  required: true,
});

/** An adapter on that model. */
export const adapterOption = textOption({
  flags: "--adapter <dir>",
  description: "PEFT adapter of the model",
});

/** The preference pairs that a command reads. */
export const dataOption = textOption({
  flags: "--data <file>",
  description: "preference pairs: JSONL, JSON or Parquet in TRL's formats",
  required: true,
});

/** When plain prompts go through the chat template. */
export const chatTemplateOption = choiceOption({
  flags: "--chat-template <when>",
  description: "wrap plain prompts with the model's chat template",
  choices: ["auto", "always", "never"],
  default: "auto",
});

/** Memory bound of log-probabilities and updates. */
export const maxRowsOption = integerOption({
  flags: "--max-rows <n>",
  description: "most tokens in one pass: bounds memory",
  min: 1,
  default: 4096,
});

/** How many records of a file are used. */
export function limitOption(what: string) {
  return integerOption({
    flags: "--limit <N>",
    description: `use the first N ${what}`,
    min: 1,
    defaultText: "all",
  });
}
