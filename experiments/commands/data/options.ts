import type { CommandSpec } from "../../../lib/cli/command.ts";
import { readConfigFile } from "../../../lib/cli/config_file.ts";
import {
  choiceOption,
  numberOption,
  type OptionValues,
  pathOption,
  pathOrHubOption,
  ruledOption,
  switchOption,
} from "../../../lib/cli/option.ts";
import { datasetSchemas } from "../../../lib/datasets/schemas.ts";
import { above0, from0to1, wholeFrom } from "../../../lib/number_rule.ts";
import { settingOptions } from "../align/setting_options.ts";
import { chatTemplateOption, limitOption } from "../model_options.ts";
import { optionSynonyms } from "../option_synonyms.ts";
import { configOption, seedOption } from "../run_options.ts";

/** Options of `data`. */
export const dataOptions = {
  config: configOption,
  data: pathOrHubOption({
    flags: "--data <file>",
    description: "a data set in a published schema: a file, a folder of files, or " +
      "owner/name[@revision][:[folder/]split] of the hub",
    required: true,
  }),
  out: pathOption({ flags: "--out <dir>", description: "folder to write", required: true }),
  schema: choiceOption({
    flags: "--schema <name>",
    description: "how the data set writes its records",
    choices: ["auto", ...datasetSchemas.map(({ name }) => name)],
    default: "auto",
  }),
  limit: limitOption("records"),
  heldOut: { ...settingOptions.heldOut, default: 0 },
  minGap: numberOption({
    flags: "--min-gap <number>",
    description: "leave out pairs whose scores differ by less",
    defaultText: "none is left out",
  }),
  maxCharacters: ruledOption({
    flags: "--max-characters <n>",
    description: "leave out pairs whose prompt and longer response have more characters",
    rule: wholeFrom(1),
    defaultText: "none is left out",
  }),
  keepRepeated: switchOption({
    flags: "--keep-repeated",
    description: "keep pairs that came before in the data set",
  }),
  model: pathOrHubOption({
    flags: "--model <path>",
    description: "a model whose tokenizer counts lengths and finds pairs made equal by cutting",
    defaultText: "characters count",
  }),
  maxLength: ruledOption({
    flags: "--max-length <n>",
    description: "tokens at which training will cut, with --model",
    rule: wholeFrom(2),
    default: 1024,
  }),
  chatTemplate: chatTemplateOption,
  lengthConfound: ruledOption({
    flags: "--length-confound <share>",
    description: "share of the training pairs whose label is set to the longer response",
    rule: from0to1,
    default: 0,
  }),
  flipLabels: ruledOption({
    flags: "--flip-labels <share>",
    description: "share of the training labels to exchange, after that",
    rule: from0to1,
    default: 0,
  }),
  flipBy: choiceOption({
    flags: "--flip-by <rule>",
    description: "which labels: all alike, or those of small score gaps more often",
    choices: ["uniform", "gap"],
    default: "uniform",
  }),
  flipTemperature: ruledOption({
    flags: "--flip-temperature <number>",
    description: "with --flip-by gap, the gap (in scores) that makes a flip e times rarer",
    rule: above0,
    default: 1,
  }),
  seed: seedOption,
};

/** Values of `data`'s options. */
export type DataOptions = OptionValues<typeof dataOptions>;

/** The command as `--help` shows it. */
export const dataCommand: CommandSpec<typeof dataOptions> = {
  name: "data",
  description: "A published data set as preference pairs: filtered, split, noise recorded.",
  options: dataOptions,
  synonyms: optionSynonyms,
  readConfig: readConfigFile,
  notes: `Schemas (auto goes by the first record):
${datasetSchemas.map(({ name, description }) => `  ${name.padEnd(14)}${description}\n`).join("")}
The folder --out holds train.jsonl and held_out.jsonl in TRL's form (id, prompt, chosen, rejected;
score_gap where known; flipped where labels were changed), dropped.jsonl (id and reason),
flips.jsonl (id, by length, by noise) and record.json with every count, written last: a folder
without it is not whole. Held-out labels are never changed. The data set is streamed twice: memory
holds a few numbers per pair.`,
};
