import type { CommandSpec } from "../../../lib/cli/command.ts";
import {
  choiceOption,
  integerOption,
  type OptionValues,
  pathListOption,
  pathOption,
  ruledOption,
  switchOption,
  textOption,
} from "../../../lib/cli/option.ts";
import { lossNames } from "../../../lib/losses/loss_table.ts";
import { above0, share, wholeFrom } from "../../../lib/number_rule.ts";
import { scoreNames, selectionRules } from "../../../lib/selection/selection_rule.ts";
import {
  defaultBootstrap as bootstrap,
  defaultSeraConfig as config,
} from "../../../lib/sera/config.ts";
import { methods } from "../../../lib/sera/methods.ts";
import { marginOptions } from "../margin_options.ts";
import { lossSynonyms, optionSynonyms } from "../option_synonyms.ts";

/** Fields of the studies' rules that no option sets, and why. */
export const studyFields = {
  fixed: "a draw follows from --seed alone: the same seed in each iteration fixes it",
  truth: "the column flipped says which labels are wrong, by whatever truth",
  fill: "give the number of right labels as --count",
} as const;

/** Options of `select`. */
export const selectOptions = {
  data: pathOption({
    flags: "--data <file>",
    description: "pairs scored by the newest policy: JSONL, JSON or Parquet",
    required: true,
  }),
  history: pathListOption({
    flags: "--history <files...>",
    description: "the same pairs scored by past policies, newest first",
  }),
  out: pathOption({
    flags: "--out <file>",
    description: "JSONL of the pairs kept, as TRL reads them",
    required: true,
  }),
  dropped: pathOption({ flags: "--dropped <file>", description: "JSONL of the pairs dropped" }),
  report: pathOption({
    flags: "--report <file>",
    description: "Markdown about what was dropped",
    defaultText: "--out with .report.md after it",
  }),
  rule: choiceOption({
    flags: "--rule <name>",
    description: "which pairs are kept (oracle and matched need a column flipped)",
    choices: selectionRules,
    default: methods.sera.selection.rule,
  }),
  by: choiceOption({
    flags: "--by <score>",
    description: "what top, bottom and middle rank by",
    choices: ["implicit", ...scoreNames],
    default: "implicit",
  }),
  order: choiceOption({
    flags: "--order <order>",
    description: "order of equally labelled pairs, for --rule oracle",
    choices: ["margin", "random"],
    default: "margin",
  }),
  voters: pathListOption({
    flags: "--voters <files...>",
    description: "the same pairs scored by each voter, for --by votes",
  }),
  validation: pathOption({
    flags: "--validation <file>",
    description: "the same pairs scored by a model of validation pairs, for --rule lossdiff-irm",
    defaultText: "columns val_chosen and val_rejected of --data",
  }),
  keep: ruledOption({
    flags: "--keep <share>",
    description: "share of the pairs that is kept",
    rule: share,
    default: methods.sera.selection.keep,
  }),
  count: ruledOption({
    flags: "--count <n>",
    description: "pairs kept, instead of --keep",
    rule: wholeFrom(1),
  }),
  ...marginOptions,
  window: ruledOption({
    flags: "--window <n>",
    description: "policies in the ensemble, the newest included",
    rule: wholeFrom(1),
    default: config.ensemble.window,
  }),
  loss: choiceOption({
    flags: "--loss <name>",
    description: "loss whose implicit reward is the margin's",
    choices: lossNames,
    synonyms: lossSynonyms,
    default: config.loss.name,
  }),
  beta: ruledOption({
    flags: "--beta <number>",
    description: "scale of the margins",
    rule: above0,
    defaultText: "the loss's own; 0.1 for dpo",
  }),
  perToken: switchOption({
    flags: "--per-token",
    description: "log-ratios averaged over tokens: the same as --loss length-normalised-dpo",
  }),
  columns: textOption({
    flags: "--columns <list>",
    description: "columns under other names, as role=column,role=column",
    defaultText: "this suite's and TRL's names",
  }),
  source: textOption({
    flags: "--source <column>",
    description: "column that the report breaks down by; source.NAME: one within source",
    defaultText: "source, where there is one",
  }),
  read: integerOption({
    flags: "--read <n>",
    description: "lowest margins in the report",
    min: 0,
    default: 20,
  }),
  candidates: pathOption({
    flags: "--candidates <file>",
    description: "scored responses of the policy, to make bootstrapped pairs of",
  }),
  candidatesHistory: pathListOption({
    flags: "--candidates-history <files...>",
    description: "the same responses scored by past policies, newest first",
  }),
  onPolicy: ruledOption({
    flags: "--on-policy <share>",
    description: "bootstrapped pairs kept, as a share of the given pairs",
    rule: above0,
    default: bootstrap.share,
  }),
  seed: integerOption({
    flags: "--seed <n>",
    description: "seed of --rule random, matched and oracle in random order",
    min: 0,
    default: 0,
  }),
};

/** Values of the options. */
export type SelectOptions = OptionValues<typeof selectOptions>;

/** The command as `--help` shows it. */
export const selectCommand: CommandSpec<typeof selectOptions> = {
  name: "select",
  description: "Select preference pairs by log-probabilities that any model gave them.",
  options: selectOptions,
  synonyms: optionSynonyms,
  notes:
    `Columns (roles): chosen_logp (chosen), rejected_logp (rejected), ref_chosen_logp (ref_chosen),
ref_rejected_logp (ref_rejected); for losses that count tokens chosen_tokens, rejected_tokens.
--rule shortest reads chosen_tokens, --rule lossdiff-irm val_chosen_logp (val_chosen) and
val_rejected_logp (val_rejected), --by explicit and explicit-minus-implicit explicit_margin, or
chosen_reward and rejected_reward, of a reward model.
Of candidates: prompt, response, logp, ref_logp, tokens, finished. TRL's names are recognised.
Sums over completion tokens, in nats. Records of further files are matched by id, else by position
in files of one length; a prompt that differs is refused.
Writes the pairs kept, in order, with margin, rank (1 is the largest margin), score (what the rule
ranked by, where not the margin), verdict (kept, swapped or bootstrapped) and reason: the dataset of
any DPO trainer. In swapped rows columns of chosen and of rejected have changed places, score_gap, irm
and explicit_margin their sign, and flipped is the opposite; so, too, within source.
Fields of the studies' rules that are no option:
${Object.entries(studyFields).map(([field, why]) => `${field} (${why})`).join("\n")}`,
};
