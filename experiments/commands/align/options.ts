import {
  choiceOption,
  integerOption,
  numberOption,
  type OptionValues,
  switchOption,
  textOption,
} from "../../../lib/cli/option.ts";
import {
  chatTemplateOption,
  dataOption,
  limitOption,
  maxRowsOption,
  modelOption,
} from "../model_options.ts";
import type { CommandSpec } from "../../../lib/cli/command.ts";
import { lossNames } from "../../../lib/losses/loss_table.ts";
import { defaultEnsemble, ensembleWeightings } from "../../../lib/margins/ensemble.ts";

/** What selects and adds pairs after the first iteration. */
export const methods = ["sera", "plain", "select", "bootstrap", "random"] as const;
/** One of the methods of `align`. */
export type Method = typeof methods[number];

/** Options of `align`; README and `--help` show the same defaults. */
export const alignOptions = {
  model: modelOption,
  data: dataOption,
  out: textOption({ flags: "--out <dir>", description: "folder of this run", required: true }),
  method: choiceOption({
    flags: "--method <name>",
    description: "what happens from iteration 2 on",
    choices: methods,
    default: "sera",
  }),
  loss: choiceOption({
    flags: "--loss <name>",
    description: "direct alignment loss",
    choices: lossNames,
    default: "dpo",
  }),
  beta: numberOption({
    flags: "--beta <number>",
    description: "strength of the loss",
    above: 0,
    defaultText: "the loss's own; 0.1 for dpo",
  }),
  lossOptions: textOption({
    flags: "--loss-options <list>",
    description: "further options of the loss, as name=value,name=value",
    defaultText: "the loss's own",
  }),
  nll: numberOption({
    flags: "--nll <alpha>",
    description: "weight of the chosen response's per-token NLL beside the loss",
    min: 0,
    default: 0,
  }),
  iterations: integerOption({
    flags: "--iterations <T>",
    description: "iterations; the first is a plain update on every pair",
    min: 1,
    default: 3,
  }),
  keep: numberOption({
    flags: "--keep <fraction>",
    description: "share of the given pairs that selection keeps",
    above: 0,
    max: 1,
    default: 0.7,
  }),
  rule: choiceOption({
    flags: "--rule <name>",
    description: "which margins sera and select keep (oracle needs --flip-labels)",
    choices: ["top", "bottom", "middle", "threshold", "oracle"],
    default: "top",
  }),
  tau: numberOption({
    flags: "--tau <margin>",
    description: "smallest margin that --rule threshold keeps",
    default: 0,
  }),
  gamma: numberOption({
    flags: "--gamma <number>",
    description: "weight of past policies in the reward ensemble",
    min: 0,
    max: 1,
    default: defaultEnsemble.gamma,
  }),
  weighting: choiceOption({
    flags: "--weighting <name>",
    description: "how past policies are weighted",
    choices: ensembleWeightings,
    default: defaultEnsemble.weighting,
  }),
  window: integerOption({
    flags: "--window <n>",
    description: "past policies in the ensemble",
    min: 1,
    default: defaultEnsemble.window,
  }),
  crossFit: integerOption({
    flags: "--cross-fit <folds>",
    description: "score each given pair by a policy that never saw it; each fold costs an update",
    min: 2,
    defaultText: "off",
  }),
  responses: integerOption({
    flags: "--responses <N>",
    description: "responses a prompt in bootstrapping",
    min: 2,
    default: 4,
  }),
  onPolicy: numberOption({
    flags: "--on-policy <share>",
    description: "bootstrapped pairs kept, as a share of the given pairs",
    above: 0,
    default: 0.3,
  }),
  promptFactor: numberOption({
    flags: "--prompt-factor <number>",
    description: "prompts responded to, as a multiple of the bootstrapped pairs kept",
    min: 1,
    default: 1.5,
  }),
  temperature: numberOption({
    flags: "--temperature <number>",
    description: "sampling temperature of bootstrapping",
    above: 0,
    default: 1,
  }),
  topP: numberOption({
    flags: "--top-p <number>",
    description: "nucleus of bootstrapping; 1 is off",
    above: 0,
    max: 1,
    default: 1,
  }),
  maxNewTokens: integerOption({
    flags: "--max-new-tokens <n>",
    description: "longest generated response",
    min: 1,
    default: 128,
  }),
  rank: integerOption({
    flags: "--rank <r>",
    description: "LoRA rank",
    min: 1,
    default: 16,
  }),
  loraAlpha: numberOption({
    flags: "--lora-alpha <number>",
    description: "LoRA scale: the update counts alpha / rank",
    above: 0,
    defaultText: "twice the rank",
  }),
  dropout: numberOption({
    flags: "--dropout <p>",
    description: "LoRA dropout",
    min: 0,
    below: 1,
    default: 0,
  }),
  targets: textOption({
    flags: "--targets <list>",
    description: "modules to adapt (q_proj,v_proj,...), or all-linear",
    default: "all-linear",
  }),
  full: switchOption({
    flags: "--full",
    description: "train all weights instead of LoRA adapters",
  }),
  lr: numberOption({
    flags: "--lr <number>",
    description: "peak learning rate",
    above: 0,
    defaultText: "1e-4 with LoRA, 1e-6 with --full",
  }),
  schedule: choiceOption({
    flags: "--schedule <name>",
    description: "learning rate within an iteration",
    choices: ["linear", "cosine", "constant"],
    default: "linear",
  }),
  warmup: numberOption({
    flags: "--warmup <share>",
    description: "share of an iteration's steps that warms up",
    min: 0,
    below: 1,
    default: 0.1,
  }),
  weightDecay: numberOption({
    flags: "--weight-decay <number>",
    description: "AdamW's weight decay",
    min: 0,
    default: 0,
  }),
  maxGradNorm: numberOption({
    flags: "--max-grad-norm <number>",
    description: "gradient clipping; 0 is off",
    min: 0,
    default: 1,
  }),
  batch: integerOption({
    flags: "--batch <pairs>",
    description: "pairs an optimiser step",
    min: 1,
    default: 8,
  }),
  steps: integerOption({
    flags: "--steps <n>",
    description: "optimiser steps an iteration, the same for every method",
    min: 1,
    defaultText: "one epoch of the given pairs",
  }),
  maxRows: maxRowsOption,
  maxLength: integerOption({
    flags: "--max-length <n>",
    description: "longest prompt and completion in tokens; longer ones are cut and counted",
    min: 2,
    defaultText: "1024, or the model's context if shorter",
  }),
  chatTemplate: chatTemplateOption,
  limit: limitOption("pairs"),
  heldOut: numberOption({
    flags: "--held-out <share>",
    description: "share of the pairs kept for measurement, by prompt",
    min: 0,
    below: 1,
    default: 0.1,
  }),
  flipLabels: numberOption({
    flags: "--flip-labels <share>",
    description: "audit: flip this share of the training labels and report how many are kept",
    min: 0,
    max: 1,
    default: 0,
  }),
  reference: choiceOption({
    flags: "--reference <policy>",
    description: "what the loss measures against",
    choices: ["sft", "previous"],
    default: "sft",
  }),
  initial: choiceOption({
    flags: "--initial <policy>",
    description: "what each iteration's update starts from",
    choices: ["previous", "sft"],
    default: "previous",
  }),
  seed: integerOption({
    flags: "--seed <n>",
    description: "seed of every random draw",
    min: 0,
    default: 0,
  }),
  checkpointSeconds: numberOption({
    flags: "--checkpoint-seconds <s>",
    description: "time between checkpoints; does not change results",
    min: 0,
    default: 30,
  }),
  force: switchOption({
    flags: "--force",
    description: "start anew in --out; what was there moves into previous-N",
  }),
};

/** Values of `align`'s options. */
export type AlignOptions = OptionValues<typeof alignOptions>;

/** The command as `--help` shows it. */
export const alignCommand: CommandSpec<typeof alignOptions> = {
  name: "align",
  description: "Align a language model on preference pairs with SeRA or one of its controls.",
  options: alignOptions,
  notes: `Methods, from iteration 2 on (iteration 1 is the same for all):
  sera       top margins of the given pairs, and pairs the policy writes and ranks itself
  plain      every given pair
  select     top margins of the given pairs
  bootstrap  every given pair, and pairs the policy writes and ranks itself
  random     as many given pairs as select keeps, drawn at random

Writes record.json, report.html, the adapter (or model), the selected pairs and the generated
pairs into --out. The same command again continues an interrupted run, or says it is finished.`,
};
