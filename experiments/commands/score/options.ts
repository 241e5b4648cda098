import { optionSynonyms } from "../option_synonyms.ts";
import {
  adapterOption,
  chatTemplateOption,
  dataOption,
  limitOption,
  maxRowsOption,
  modelOption,
  PAIR_LENGTH_TEXT,
} from "../model_options.ts";
import type { CommandSpec } from "../../../lib/cli/command.ts";
import {
  pathOption,
  pathOrHubOption,
  ruledOption,
  switchOption,
  textOption,
} from "../../../lib/cli/option.ts";
import { preferenceSettingRules } from "../../../lib/environments/preference_file/setting.ts";
import { defaultLossConfig } from "../../../lib/losses/loss_config.ts";
import { serverOptions } from "../server_options.ts";
import { above0 } from "../../../lib/number_rule.ts";

/** Options of `score`. */
export const scoreOptions = {
  model: modelOption,
  adapter: adapterOption,
  reference: pathOrHubOption({
    flags: "--reference <path>",
    description: "reference model, for the implicit reward margin",
    defaultText: "with --adapter the model without it, else none",
  }),
  data: dataOption,
  out: pathOption({ flags: "--out <file>", description: "JSONL to write", required: true }),
  beta: ruledOption({
    flags: "--beta <number>",
    description: "scale of the margin",
    rule: above0,
    default: defaultLossConfig("dpo").beta,
  }),
  maxLength: ruledOption({
    flags: "--max-length <n>",
    description: PAIR_LENGTH_TEXT,
    rule: preferenceSettingRules.maxLength,
    defaultText: "the model's context",
  }),
  maxRows: maxRowsOption,
  chatTemplate: chatTemplateOption,
  limit: limitOption("pairs"),
  ...serverOptions,
  serverReference: textOption({
    flags: "--server-reference <name>",
    description: "name of the reference at the server, for the margin",
  }),
  texts: switchOption({
    flags: "--texts",
    description: "write the texts and the other columns of each pair too",
  }),
};

/** The command as `--help` shows it. */
export const scoreCommand: CommandSpec<typeof scoreOptions> = {
  name: "score",
  description: "Log-probabilities of the completions of preference pairs, and their margins.",
  options: scoreOptions,
  synonyms: optionSynonyms,
  notes:
    `One line per pair, in order: id, chosen_logp, rejected_logp (sums over completion tokens, the
end-of-sequence token included, in nats), chosen_tokens, rejected_tokens, and with a reference
ref_chosen_logp, ref_rejected_logp and
irm = beta * ((chosen_logp - ref_chosen_logp) - (rejected_logp - ref_rejected_logp)).
With --texts also prompt, chosen, rejected, what select reads of the record's other columns (flipped,
score_gap, a reward model's margin or scores, those of a validation model), and source: the rest.
Pairs with the lowest irm are those whose label the model doubts most. Every batch, with --server
every answer, is kept until --out is written: after a failure the same command goes on.`,
};
