import { optionSynonyms } from "../option_synonyms.ts";
import { checkpointSecondsOption, configOption, forceOption, seedOption } from "../run_options.ts";
import type { CommandSpec } from "../../../lib/cli/command.ts";
import { readConfigFile } from "../../../lib/cli/config_file.ts";
import { type OptionValues, pathOption } from "../../../lib/cli/option.ts";
import type { MethodName } from "../../../lib/sera/methods.ts";
import { runFiles } from "../../../lib/report/run_files.ts";
import { externalOptions } from "./external_options.ts";
import { seraOptions } from "./sera_options.ts";
import { settingOptions } from "./setting_options.ts";

/** Options of `align`: model and data, the method's config, and the run itself. */
export const alignOptions = {
  config: configOption,
  ...settingOptions,
  out: pathOption({ flags: "--out <dir>", description: "folder of this run", required: true }),
  ...seraOptions,
  seed: seedOption,
  checkpointSeconds: checkpointSecondsOption,
  force: forceOption,
  ...externalOptions,
};

/** Values of `align`'s options. */
export type AlignOptions = OptionValues<typeof alignOptions>;

/** What each method does from iteration 2 on. */
export const methodTexts: Readonly<Record<MethodName, string>> = {
  sera: "top margins of the given pairs, and pairs the policy writes and ranks itself",
  plain: "every given pair",
  select: "top margins of the given pairs",
  bootstrap: "every given pair, and pairs the policy writes and ranks itself",
  random: "as many given pairs as select keeps, drawn at random",
  relabel: "every given pair, relabelled by the policy's own margins",
};

/** The command as `--help` shows it. */
export const alignCommand: CommandSpec<typeof alignOptions> = {
  name: "align",
  description: "Align a language model on preference pairs with SeRA or one of its controls.",
  options: alignOptions,
  synonyms: optionSynonyms,
  readConfig: readConfigFile,
  notes: `Methods, from iteration 2 on (iteration 1 is the same for all):
${Object.entries(methodTexts).map(([name, text]) => `  ${name.padEnd(11)}${text}\n`).join("")}
The folder --out holds:
${runFiles("here").map(([name, text]) => `  ${name}\n      ${text}\n`).join("")}
With --trainer checkpoints/ holds the result: keep it.
The default, SeRA on DPO without an anchor, is the paper's; in this suite's small language it lost to
plain DPO, where --loss orpo, --loss ipo and --method select --nll 0.3 gained (notebook 12).
The same command again continues an interrupted run, or says it is finished; with a larger
--iterations it goes on from the finished ones.`,
};
