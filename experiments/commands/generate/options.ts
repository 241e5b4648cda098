import { optionSynonyms } from "../option_synonyms.ts";
import { adapterOption, chatTemplateOption, limitOption, modelOption } from "../model_options.ts";
import type { CommandSpec } from "../../../lib/cli/command.ts";
import {
  integerOption,
  pathOption,
  ruledOption,
  switchOption,
  textOption,
} from "../../../lib/cli/option.ts";
import { atLeast0, wholeFrom } from "../../../lib/number_rule.ts";
import { defaultBootstrap as defaults, seraRules as rules } from "../../../lib/sera/config.ts";
import { serverOptions } from "../server_options.ts";

/** Options of `generate`. */
export const generateOptions = {
  model: modelOption,
  adapter: adapterOption,
  prompts: pathOption({
    flags: "--prompts <file>",
    description: "JSONL, JSON or Parquet with a prompt field, or .txt with one prompt per line",
    required: true,
  }),
  out: pathOption({ flags: "--out <file>", description: "JSONL to write", required: true }),
  responses: ruledOption({
    flags: "--responses <N>",
    description: "responses per prompt",
    rule: wholeFrom(1),
    default: 1,
  }),
  maxNewTokens: ruledOption({
    flags: "--max-new-tokens <n>",
    description: "longest response",
    rule: rules["bootstrap.maxNewTokens"],
    default: defaults.maxNewTokens,
  }),
  temperature: ruledOption({
    flags: "--temperature <number>",
    description: "sampling temperature; 0 is greedy",
    rule: atLeast0,
    default: defaults.temperature,
  }),
  topP: ruledOption({
    flags: "--top-p <number>",
    description: "nucleus; 1 is off",
    rule: rules["bootstrap.topP"],
    default: defaults.topP,
  }),
  topK: ruledOption({
    flags: "--top-k <n>",
    description: "most likely tokens to draw from; 0 is off",
    rule: rules["bootstrap.topK"],
    default: defaults.topK,
  }),
  greedy: switchOption({ flags: "--greedy", description: "the same as --temperature 0" }),
  batch: ruledOption({
    flags: "--batch <n>",
    description: "responses decoded side by side: bounds memory, changes no draw",
    rule: rules["bootstrap.batch"],
    default: defaults.batch,
  }),
  chatTemplate: chatTemplateOption,
  limit: limitOption("prompts"),
  ...serverOptions,
  serverReference: textOption({
    flags: "--server-reference <name>",
    description: "name of the reference at the server: rows get logp and ref_logp, for select",
  }),
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
  synonyms: optionSynonyms,
  notes:
    `One line per response, in order: id and prompt as given, response (text), response_index, tokens
(the end-of-sequence token included) and finished (false if cut at --max-new-tokens). Every batch,
with --server every answer, is kept until --out is written: after a failure the same command goes
on.`,
};
