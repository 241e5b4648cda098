import {
  adapterOption,
  chatTemplateOption,
  dataOption,
  limitOption,
  maxRowsOption,
  modelOption,
} from "../model_options.ts";
import type { CommandSpec } from "../../../lib/cli/command.ts";
import { integerOption, numberOption, textOption } from "../../../lib/cli/option.ts";

/** Options of `score`. */
export const scoreOptions = {
  model: modelOption,
  adapter: adapterOption,
  reference: textOption({
    flags: "--reference <path>",
    description: "reference model, for the implicit reward margin",
    defaultText: "with --adapter the model without it, else none",
  }),
  data: dataOption,
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
  maxRows: maxRowsOption,
  chatTemplate: chatTemplateOption,
  limit: limitOption("pairs"),
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
