import type { CommandSpec } from "../../../lib/cli/command.ts";
import { readConfigFile } from "../../../lib/cli/config_file.ts";
import {
  choiceOption,
  type OptionValues,
  pathOption,
  pathOrHubOption,
  ruledOption,
  switchOption,
} from "../../../lib/cli/option.ts";
import { datasetSchemas } from "../../../lib/datasets/schemas.ts";
import {
  defaultPreferenceSetting,
  preferenceSettingTexts,
} from "../../../lib/environments/preference_file/setting.ts";
import { defaultSeraConfig, seraRules as rules } from "../../../lib/sera/config.ts";
import { scheduleNames } from "../../../lib/training/schedule.ts";
import { settingOptions } from "../align/setting_options.ts";
import { maxRowsOption } from "../model_options.ts";
import { optionSynonyms } from "../option_synonyms.ts";
import { checkpointSecondsOption, configOption, forceOption, seedOption } from "../run_options.ts";

const { model, limit, maxLength, chatTemplate, heldOut } = settingOptions;
const { full, rank, loraAlpha, dropout, targets } = settingOptions;

/** Learning rates where none is given: of adapters, and of all weights. */
export const SFT_RATES = { lora: 2e-4, full: 2e-5 } as const;

/** Options of `sft`. */
export const sftOptions = {
  config: configOption,
  model,
  data: pathOrHubOption({
    flags: "--data <file>",
    description:
      "demonstrations (or pairs: their chosen responses) in a published schema: JSONL, " +
      "JSON, CSV, Parquet or .txt, a folder of them, or owner/name[:[folder/]split] of the hub",
    required: true,
  }),
  schema: choiceOption({
    flags: "--schema <name>",
    description: "how the data set writes its records",
    choices: ["auto", ...datasetSchemas.map(({ name }) => name)],
    default: "auto",
  }),
  out: pathOption({ flags: "--out <dir>", description: "folder of this run", required: true }),
  limit: { ...limit, description: "use the first N records" },
  maxLength: { ...maxLength, description: preferenceSettingTexts.maxLength },
  chatTemplate,
  template: pathOption({
    flags: "--template <file>",
    description: "Jinja chat template for a model that has none; it is saved with the result",
    defaultText: "the model's own",
  }),
  heldOut,
  trainOn: choiceOption({
    flags: "--train-on <tokens>",
    description: "tokens that the loss counts",
    choices: ["completion", "all"],
    default: "completion",
  }),
  turns: choiceOption({
    flags: "--turns <which>",
    description: "turns of a conversation that are imitated, with --train-on completion",
    choices: ["every", "last"],
    default: "every",
  }),
  full,
  merge: switchOption({
    flags: "--merge",
    description: "write model/ too, the adapter added into the weights: what align starts from",
  }),
  rank,
  loraAlpha,
  dropout,
  targets,
  steps: ruledOption({
    flags: "--steps <n>",
    description: "optimiser steps",
    rule: rules.steps,
    defaultText: "one epoch",
  }),
  batch: ruledOption({
    flags: "--batch <n>",
    description: "examples per step",
    rule: rules.batch,
    default: defaultSeraConfig.batch,
  }),
  lr: ruledOption({
    flags: "--lr <number>",
    description: "peak learning rate",
    rule: rules.learningRate,
    defaultText: `${SFT_RATES.lora}; ${SFT_RATES.full} with --full`,
  }),
  schedule: choiceOption({
    flags: "--schedule <name>",
    description: "learning rate over the run",
    choices: scheduleNames,
    default: "cosine",
  }),
  warmup: ruledOption({
    flags: "--warmup <share>",
    description: "share of the steps with a rising rate",
    rule: rules.warmup,
    default: defaultSeraConfig.warmup,
  }),
  weightDecay: ruledOption({
    flags: "--weight-decay <number>",
    description: "AdamW's",
    rule: rules.weightDecay,
    default: defaultSeraConfig.weightDecay,
  }),
  maxGradNorm: ruledOption({
    flags: "--max-grad-norm <number>",
    description: "longest gradient; 0: no limit",
    rule: rules.maxGradNorm,
    default: defaultSeraConfig.maxGradNorm,
  }),
  maxRows: maxRowsOption,
  seed: seedOption,
  checkpointSeconds: checkpointSecondsOption,
  force: forceOption,
};

/** Values of `sft`'s options. */
export type SftOptions = OptionValues<typeof sftOptions>;

/** The LoRA setting that the options stand for, as `align`'s. */
export function loraSettingOf(options: SftOptions) {
  const { full, rank, loraAlpha = null, dropout, targets } = options;
  return { ...defaultPreferenceSetting, full, rank, loraAlpha, dropout, targets };
}

/** The command as `--help` shows it. */
export const sftCommand: CommandSpec<typeof sftOptions> = {
  name: "sft",
  description: "Fine-tune a language model on demonstrations, before it is aligned.",
  options: sftOptions,
  synonyms: optionSynonyms,
  readConfig: readConfigFile,
  notes: `Examples are packed without padding: a pass holds up to --max-rows tokens, none of which
attends to another example. The folder --out holds adapter/ (or model/ with --full) with a model
card, record.json, steps.jsonl and config.yaml; the same command again continues an interrupted run.
\`align --model\` takes model/, which --full and --merge write; --merge may come after the run.`,
};
