import {
  choiceOption,
  numberOption,
  type OptionValues,
  ruledOption,
  switchOption,
  textOption,
} from "../../../lib/cli/option.ts";
import { lossNames } from "../../../lib/losses/loss_table.ts";
import { share, wholeFrom } from "../../../lib/number_rule.ts";
import { scoreNames, selectionRules } from "../../../lib/selection/selection_rule.ts";
import {
  defaultBootstrap as bootstrap,
  defaultSeraConfig as config,
  seraRules as rules,
} from "../../../lib/sera/config.ts";
import { methodNames, methods } from "../../../lib/sera/methods.ts";
import { scheduleNames } from "../../../lib/training/schedule.ts";
import { marginOptions } from "../margin_options.ts";
import { lossSynonyms } from "../option_synonyms.ts";

/** Options that make a run's `SeraConfig`: defaults and rules are its own. */
export const seraOptions = {
  method: choiceOption({
    flags: "--method <name>",
    description: "what happens from iteration 2 on",
    choices: methodNames,
    default: "sera",
  }),
  loss: choiceOption({
    flags: "--loss <name>",
    description: "direct alignment loss",
    choices: lossNames,
    synonyms: lossSynonyms,
    default: config.loss.name,
  }),
  beta: numberOption({
    flags: "--beta <number>",
    description: "strength of the loss; ipo, orpo and slic-hf have another (--loss-options)",
    above: 0,
    defaultText: "the loss's own; 0.1 for dpo",
  }),
  lossOptions: textOption({
    flags: "--loss-options <list>",
    description: "further options of the loss, as name=value,name=value",
    defaultText: "the loss's own",
  }),
  nll: ruledOption({
    flags: "--nll <alpha>",
    description: "weight of the chosen response's per-token NLL beside the loss",
    rule: rules.nllAlpha,
    default: config.nllAlpha,
  }),
  iterations: ruledOption({
    flags: "--iterations <T>",
    description: "iterations; the first is a plain update on every pair",
    rule: rules.iterations,
    default: config.iterations,
  }),
  keep: ruledOption({
    flags: "--keep <share>",
    description: "share of the given pairs that selection keeps",
    rule: share,
    default: methods.sera.selection.keep,
  }),
  rule: choiceOption({
    flags: "--rule <name>",
    description: "which pairs sera and select keep (oracle and matched need --flip-labels)",
    choices: selectionRules.filter((rule) => rule !== "all"),
    default: methods.sera.selection.rule,
  }),
  by: choiceOption({
    flags: "--by <score>",
    description: "what top, bottom and middle rank by (votes needs --cross-fit)",
    choices: ["implicit", ...scoreNames],
    default: "implicit",
  }),
  fixed: switchOption({
    flags: "--fixed",
    description: "the same random draw in every iteration",
  }),
  rewardSteps: ruledOption({
    flags: "--reward-steps <n>",
    description: "optimiser steps of the explicit reward model",
    rule: rules["rewardModel.steps"],
    defaultText: "those of an iteration",
  }),
  rewardLr: ruledOption({
    flags: "--reward-lr <number>",
    description: "peak learning rate of the explicit reward model",
    rule: rules["rewardModel.learningRate"],
    defaultText: "the policy's",
  }),
  ...marginOptions,
  window: ruledOption({
    flags: "--window <n>",
    description: "past policies in the ensemble",
    rule: wholeFrom(1),
    default: config.ensemble.window,
  }),
  crossFit: ruledOption({
    flags: "--cross-fit <folds>",
    description: "score each given pair by a policy that never saw it; each fold costs an update",
    rule: rules.crossFit,
    defaultText: "off",
  }),
  judge: choiceOption({
    flags: "--judge <reward>",
    description: "who ranks the responses of bootstrapping",
    choices: ["implicit", "explicit"],
    default: bootstrap.judge,
  }),
  responses: ruledOption({
    flags: "--responses <N>",
    description: "responses per prompt in bootstrapping",
    rule: rules["bootstrap.responses"],
    default: bootstrap.responses,
  }),
  onPolicy: ruledOption({
    flags: "--on-policy <share>",
    description: "bootstrapped pairs kept, as a share of the given pairs",
    rule: rules["bootstrap.share"],
    default: bootstrap.share,
  }),
  promptFactor: ruledOption({
    flags: "--prompt-factor <number>",
    description: "prompts responded to, as a multiple of the bootstrapped pairs kept",
    rule: rules["bootstrap.promptFactor"],
    default: bootstrap.promptFactor,
  }),
  temperature: ruledOption({
    flags: "--temperature <number>",
    description: "sampling temperature of bootstrapping",
    rule: rules["bootstrap.temperature"],
    default: bootstrap.temperature,
  }),
  topP: ruledOption({
    flags: "--top-p <number>",
    description: "nucleus of bootstrapping; 1 is off",
    rule: rules["bootstrap.topP"],
    default: bootstrap.topP,
  }),
  topK: ruledOption({
    flags: "--top-k <n>",
    description: "most likely tokens that bootstrapping draws from; 0 is off",
    rule: rules["bootstrap.topK"],
    default: bootstrap.topK,
  }),
  generationBatch: ruledOption({
    flags: "--generation-batch <n>",
    description: "responses decoded side by side: bounds memory; another number is another draw " +
      "of bootstrapping",
    rule: rules["bootstrap.batch"],
    default: bootstrap.batch,
  }),
  lr: ruledOption({
    flags: "--lr <number>",
    description: "peak learning rate",
    rule: rules.learningRate,
    defaultText: "1e-4 with LoRA, 1e-6 with --full",
  }),
  schedule: choiceOption({
    flags: "--schedule <name>",
    description: "learning rate within an iteration",
    choices: scheduleNames,
    default: config.schedule,
  }),
  warmup: ruledOption({
    flags: "--warmup <share>",
    description: "share of an iteration's steps that warms up",
    rule: rules.warmup,
    default: config.warmup,
  }),
  weightDecay: ruledOption({
    flags: "--weight-decay <number>",
    description: "AdamW's weight decay",
    rule: rules.weightDecay,
    default: config.weightDecay,
  }),
  maxGradNorm: ruledOption({
    flags: "--max-grad-norm <number>",
    description: "gradient clipping; 0 is off",
    rule: rules.maxGradNorm,
    default: config.maxGradNorm,
  }),
  batch: ruledOption({
    flags: "--batch <pairs>",
    description: "pairs per optimiser step",
    rule: rules.batch,
    default: config.batch,
  }),
  steps: ruledOption({
    flags: "--steps <n>",
    description: "optimiser steps per iteration, the same for every method",
    rule: rules.steps,
    defaultText: "one epoch of the given pairs",
  }),
  maxRows: ruledOption({
    flags: "--max-rows <n>",
    description: "most tokens in one pass: bounds memory",
    rule: rules.maxRows,
    defaultText: `${config.maxRows}, or what the free memory holds`,
  }),
  reference: choiceOption({
    flags: "--reference <policy>",
    description: "what the loss measures against",
    choices: ["sft", "previous"],
    default: config.reference,
  }),
  initial: choiceOption({
    flags: "--initial <policy>",
    description: "what each iteration's update starts from",
    choices: ["previous", "sft"],
    default: config.initial,
  }),
};

/** Values of these options. */
export type SeraOptionValues = OptionValues<typeof seraOptions>;
