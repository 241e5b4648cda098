import type { CommandSpec } from "../../lib/cli/command.ts";
import { choiceOption, integerOption, numberOption, textOption } from "../../lib/cli/option.ts";

/** Options of `score`. */
export const scoreOptions = {
  model: textOption({
    flags: "--model <path>",
    description: "folder, .gguf file or hub id (owner/name)",
    required: true,
  }),
  adapter: textOption({ flags: "--adapter <dir>", description: "PEFT adapter of the model" }),
  reference: textOption({
    flags: "--reference <path>",
    description: "reference model, for the implicit reward margin",
    defaultText: "with --adapter the model without it, else none",
  }),
  data: textOption({
    flags: "--data <file>",
    description: "preference pairs: JSONL, JSON or Parquet in TRL's formats",
    required: true,
  }),
  out: textOption({ flags: "--out <file>", description: "JSONL to write", required: true }),
  beta: numberOption({
    flags: "--beta <number>",
    description: "scale of the margin",
    above: 0,
    default: 0.1,
  }),
  maxLength: integerOption({
    flags: "--max-length <n>",
    description: "longest prompt and completion in tokens; longer ones are cut and counted",
    min: 2,
    defaultText: "the model's context",
  }),
  maxRows: integerOption({
    flags: "--max-rows <n>",
    description: "most tokens in one pass: bounds memory, not results",
    min: 1,
    default: 4096,
  }),
  chatTemplate: choiceOption({
    flags: "--chat-template <when>",
    description: "wrap plain prompts with the model's chat template",
    choices: ["auto", "always", "never"],
    default: "auto",
  }),
  limit: integerOption({
    flags: "--limit <N>",
    description: "use the first N pairs",
    min: 1,
    defaultText: "all",
  }),
};

/** The command as `--help` shows it. */
export const scoreCommand: CommandSpec<typeof scoreOptions> = {
  name: "score",
  description: "Log-probabilities of the completions of preference pairs, and their margins.",
  options: scoreOptions,
  notes:
    `One line a pair, in order: id, chosen_logp, rejected_logp (sums over completion tokens, the
end-of-sequence token included, in nats), chosen_tokens, rejected_tokens, and with a reference
irm = beta * ((chosen_logp - reference) - (rejected_logp - reference)).`,
};
