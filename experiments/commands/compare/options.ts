import { availableParallelism } from "node:os";
import type { CommandSpec } from "../../../lib/cli/command.ts";
import { readConfigFile } from "../../../lib/cli/config_file.ts";
import {
  choiceListOption,
  integerOption,
  type OptionValues,
  pathOption,
  switchOption,
} from "../../../lib/cli/option.ts";
import { methodNames } from "../../../lib/sera/methods.ts";
import { answerJudgeOption, judgeOptions } from "../judge_options.ts";
import { seraOptions } from "../align/sera_options.ts";
import { settingOptions } from "../align/setting_options.ts";
import { optionSynonyms } from "../option_synonyms.ts";
import { configOption } from "../run_options.ts";

const { method: _method, ...methodOptions } = seraOptions;

/** Options of `compare`: those of `align`, with several methods and seeds. */
export const compareOptions = {
  config: configOption,
  ...settingOptions,
  out: pathOption({ flags: "--out <dir>", description: "folder of the results", required: true }),
  methods: choiceListOption({
    flags: "--methods <list>",
    description: "what is compared, with commas; the first is the baseline",
    choices: methodNames,
    default: ["plain", "select", "sera"],
  }),
  seeds: integerOption({
    flags: "--seeds <n>",
    description: "runs of each method: seeds 0 to n - 1, which all methods share",
    min: 1,
    default: 3,
  }),
  ...methodOptions,
  jobs: integerOption({
    flags: "--jobs <n>",
    description: "processes, each on one thread with a model of its own in memory",
    min: 1,
    default: availableParallelism(),
  }),
  answerJudge: answerJudgeOption,
  ...judgeOptions,
  dryRun: switchOption({
    flags: "--dry-run",
    description: "say how many runs there are to do and how long they may take, and stop",
  }),
};

/** Values of the options. */
export type CompareOptions = OptionValues<typeof compareOptions>;

/** The command as `--help` shows it. */
export const compareCommand: CommandSpec<typeof compareOptions> = {
  name: "compare",
  description: "Compare methods of preference alignment on one's own model and data.",
  options: compareOptions,
  synonyms: optionSynonyms,
  readConfig: readConfigFile,
  notes:
    `A seed draws held-out pairs, flips, first weights and batches; all methods share them, so that
their differences are taken seed by seed. The folder --out holds:
  report.html
      differences on held-out pairs with 95 % intervals, flips kept, curves, judged win rates
  tables/
      the same and every metric as CSV and Markdown
  records/
      a line per run; finished runs are never repeated: the same command goes on
  samples/
      what each run's last policy answers to held-out prompts
  judge/
      with --answer-judge every raw reply of the judge; keys come from OPENAI_API_KEY or ANTHROPIC_API_KEY`,
};
