import { basename } from "node:path";
import { configFileText } from "../../../lib/cli/config_file.ts";
import { preferenceFile } from "../../../lib/environments/preference_file/environment.ts";
import { openPreferences } from "../../../lib/environments/preference_file/open_preferences.ts";
import { runExternal } from "../../../lib/external/run_external.ts";
import type { JsonObject } from "../../../lib/files/canonical_json.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import type { SeraConfig } from "../../../lib/sera/config.ts";
import { openRunDirectory, recordedConfig } from "../../../lib/storage/run_directory.ts";
import { RunStore } from "../../../lib/storage/run_store.ts";
import { runConfig } from "../../../lib/study/run_config.ts";
import { tellData } from "../tell_data.ts";
import { warnShortResponses } from "../warn_short_responses.ts";
import type { ExternalCommands } from "./commands_elsewhere.ts";
import { refuseUnknownFlips, selectionOf, seraOptionsOf, settingOf } from "./configure.ts";
import { optionsInForce } from "./idle_options.ts";
import { endLeftBehind } from "./left_behind.ts";
import { commandsIn, logStart } from "./logged_commands.ts";
import { type AlignOptions, alignOptions } from "./options.ts";
import { writeOutputs } from "./outputs.ts";
import { trainedResult } from "./result.ts";
import { ServedModels } from "./served_models.ts";

/** Learning rate of a trainer that updates all weights, where none is told. */
const LEARNING_RATE = 1e-6;

/**
 * Aligns a model that a server runs and an external trainer updates. Every answer and every
 * checkpoint is kept in --out: the same command goes on.
 *
 * @returns what was found and where it lies, for the terminal
 * @throws {UserError} naming file, option, server or trainer
 */
export async function runAlignExternally(
  options: AlignOptions,
  commands: ExternalCommands,
  progress: ProgressSink,
): Promise<string> {
  const startedAt = new Date().toISOString();
  const { seed, out, force } = options;
  const opened = await openPreferences(settingOf(options), seed, progress);
  refuseUnknownFlips(selectionOf(options).rule, opened.pairs);
  const { files: { tokenizer }, pairs, heldOut, file, tokenized } = opened;
  const { sera: given, ...rest } = runConfig(preferenceFile, seed, [{
    setting: { ...opened.setting, model: basename(options.model), data: basename(options.data) },
    sera: seraOptionsOf(options),
  }]);
  const config: SeraConfig = {
    ...given,
    steps: given.steps ?? Math.ceil(pairs.length / given.batch),
    learningRate: given.learningRate ?? LEARNING_RATE,
  };
  const kept = force ? {} : commandsIn(recordedConfig(out));
  const recorded = {
    ...{ command: "align", method: options.method, ...rest, sera: config, ...kept },
  } as unknown as JsonObject;
  const warn = (message: string) => progress.message(`warning: ${message}`);
  // An iteration depends on those before it alone.
  const growing = ["sera.iterations"];
  using folder = openRunDirectory(out, recorded, { force, warn, growing });
  await endLeftBehind(folder, (message) => progress.message(message));
  if (folder.finished) return `finished already: see ${folder.path("report.html")}`;
  folder.writeText("config.yaml", configFileText(alignOptions, optionsInForce(options)));
  logStart(folder, { startedAt, ...commands }, kept, warn);
  if (folder.resumed) {
    const more = folder.grown === null ? "" : ` (${folder.grown})`;
    progress.message(`continuing the run in ${out}${more}`);
  }
  const chat = { template: tokenizer.hasChatTemplate, use: options.chatTemplate };
  const summary = tellData(progress, file, tokenized, chat);
  warnShortResponses(config, pairs, options.maxNewTokens, warn);
  const store = new RunStore(folder, { warn });
  await using models = new ServedModels({ options, commands, opened, config, folder, progress });
  const run = await runExternal({ pairs, heldOut, config, seed, models, store, progress });
  const last = models.checkpoint(run.iterations.length);
  const found = await writeOutputs({
    ...{ options, opened, summary, folder, run, steps: run.steps, startedAt, warn },
    ...{ config: recorded, sera: config, info: null, result: trainedResult(last) },
  });
  folder.finish();
  return `${found}\ndone: ${last}; ${folder.path("report.html")}`;
}
