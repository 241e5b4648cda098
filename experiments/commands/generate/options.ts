import { adapterOption, chatTemplateOption, limitOption, modelOption } from "../model_options.ts";
import type { CommandSpec } from "../../../lib/cli/command.ts";
import { integerOption, numberOption, switchOption, textOption } from "../../../lib/cli/option.ts";

/** Options of `generate`. */
export const generateOptions = {
  model: modelOption,
  adapter: adapterOption,
  prompts: textOption({
    flags: "--prompts <file>",
    description: "JSONL, JSON or Parquet with a prompt field, or .txt with one prompt a line",
    required: true,
  }),
  out: textOption({ flags: "--out <file>", description: "JSONL to write", required: true }),
  responses: integerOption({
    flags: "--responses <N>",
    description: "responses a prompt",
    min: 1,
    default: 1,
  }),
  maxNewTokens: integerOption({
    flags: "--max-new-tokens <n>",
    description: "longest response",
    min: 1,
    default: 128,
  }),
  temperature: numberOption({
    flags: "--temperature <number>",
    description: "sampling temperature; 0 is greedy",
    min: 0,
    default: 1,
  }),
  topP: numberOption({
    flags: "--top-p <number>",
    description: "nucleus; 1 is off",
    above: 0,
    max: 1,
    default: 1,
  }),
  topK: integerOption({
    flags: "--top-k <n>",
    description: "most likely tokens to draw from; 0 is off",
    min: 0,
    default: 0,
  }),
  greedy: switchOption({ flags: "--greedy", description: "the same as --temperature 0" }),
  batch: integerOption({
    flags: "--batch <n>",
    description: "responses decoded side by side",
    min: 1,
    default: 32,
  }),
  chatTemplate: chatTemplateOption,
  limit: limitOption("prompts"),
  seed: integerOption({
    flags: "--seed <n>",
    description: "seed of every draw",
    min: 0,
    default: 0,
  }),
};

/** The command as `--help` shows it. */
export const generateCommand: CommandSpec<typeof generateOptions> = {
  name: "generate",
  description: "Responses of a model to prompts.",
  options: generateOptions,
  notes:
    `One line a response, in order: id and prompt as given, response (text), response_index, tokens
(the end-of-sequence token included) and finished (false if cut at --max-new-tokens).`,
};
