import { basename } from "node:path";
import { configFileText } from "../../../lib/cli/config_file.ts";
import { loadEngine } from "../../../lib/engine/tensorflow.ts";
import { preferenceFile } from "../../../lib/environments/preference_file/environment.ts";
import { loadPreferences } from "../../../lib/environments/preference_file/load_preferences.ts";
import { openPreferences } from "../../../lib/environments/preference_file/open_preferences.ts";
import type { JsonObject } from "../../../lib/files/canonical_json.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import { defaultBootstrap, seraConfig } from "../../../lib/sera/config.ts";
import { runSera } from "../../../lib/sera/run_sera.ts";
import { cachedSequenceLogps } from "../../../lib/storage/cached_logps.ts";
import { sharedLogpCache } from "../../../lib/storage/logp_cache.ts";
import { openRunDirectory } from "../../../lib/storage/run_directory.ts";
import { RunStore } from "../../../lib/storage/run_store.ts";
import { runConfig } from "../../../lib/study/run_config.ts";
import { tellData } from "../tell_data.ts";
import { warnShortResponses } from "../warn_short_responses.ts";
import { chooseMaxRows } from "./choose_max_rows.ts";
import { refuseUnknownFlips, selectionOf, seraOptionsOf, settingOf } from "./configure.ts";
import { optionsInForce } from "./idle_options.ts";
import { type AlignOptions, alignOptions } from "./options.ts";
import { writeOutputs } from "./outputs.ts";
import { saveResult } from "./result.ts";
import { roomNeeded } from "./room.ts";

/**
 * Aligns a model: reads and checks everything, opens the run's folder, iterates, writes the results.
 *
 * @returns what was found and where it lies, for the terminal
 * @throws {UserError} naming file, option, tensor or step; nothing computed before is lost
 */
export async function runAlign(given: AlignOptions, progress: ProgressSink): Promise<string> {
  const startedAt = new Date().toISOString();
  const { seed, out, force, checkpointSeconds, generationBatch } = given;
  const opened = await openPreferences(settingOf(given), seed, progress);
  refuseUnknownFlips(selectionOf(given).rule, opened.pairs);
  const { files, file, tokenized } = opened;
  const { info } = await loadEngine();
  const rows = chooseMaxRows(opened, given, seraConfig(seraOptionsOf(given)), info);
  const options = { ...given, maxRows: rows.maxRows };
  const config = runConfig(preferenceFile, seed, [{
    // Fingerprints say what they are; folders are nobody's business.
    setting: {
      ...opened.setting,
      model: basename(options.model),
      data: basename(options.data),
    },
    sera: seraOptionsOf(options),
  }]);
  const { backend, device, nativeOps, threads, tensorflowVersion } = info;
  const recorded = {
    command: "align",
    method: options.method,
    ...config,
    // With bootstrapping it is in the config; the default is that of records without it.
    ...(config.sera.bootstrap === null && generationBatch !== defaultBootstrap.batch &&
      { generationBatch }),
    // Another backend or thread count rounds differently.
    engine: { backend, device, nativeOps, threads, tensorflowVersion },
  } as unknown as JsonObject;

  const warn = (message: string) => progress.message(`warning: ${message}`);
  using folder = openRunDirectory(out, recorded, {
    ...{ force, warn },
    // An iteration depends on those before it alone.
    growing: ["sera.iterations"],
    room: roomNeeded(opened, config.sera.iterations),
  });
  if (folder.finished) {
    const weights = options.full ? "model/model.safetensors" : "adapter/adapter_model.safetensors";
    const gone = [weights, "record.json", "report.html"].filter((name) => !folder.has(name));
    if (gone.length === 0) return `finished already: see ${folder.path("report.html")}`;
    progress.message(`finished already, but ${gone.join(", ")} is gone: writing the results again`);
  }
  folder.writeText("config.yaml", configFileText(alignOptions, optionsInForce(options)));
  folder.appendJsonl("processes.jsonl", { startedAt });
  if (folder.resumed) {
    const more = folder.grown === null ? "" : ` (${folder.grown})`;
    progress.message(`continuing the run in ${out}${more}`);
  }
  const chat = { template: files.tokenizer.hasChatTemplate, use: options.chatTemplate };
  const summary = tellData(progress, file, tokenized, chat);
  warnShortResponses(config.sera, opened.pairs, options.maxNewTokens, warn);
  progress.message(
    `${info.package} on ${device}, ${threads} threads${nativeOps ? ", fused kernels" : ""}`,
  );

  if (rows.note !== undefined) progress.message(rows.note);
  if (rows.warning !== undefined) warn(rows.warning);

  const { text: _text, dispose: _dispose, ...prepared } = await loadPreferences(opened, seed, {
    batch: generationBatch,
  });
  const store = new RunStore(folder, { checkpointSeconds, warn });
  const cache = sharedLogpCache(warn);
  const identity = {
    ...{ model: files.fingerprint, adapter: null },
    tokenizer: files.tokenizer.fingerprint,
  };
  const run = await runSera({
    ...{ ...prepared, config: config.sera, seed, store, progress },
    scoreReference: (groups, scoring) =>
      cachedSequenceLogps(cache, identity, prepared.reference, groups, scoring),
  });
  const found = await writeOutputs({
    ...{ options, opened, summary, folder, run, info, startedAt, warn },
    ...{ config: recorded, sera: config.sera, steps: store.steps(run.iterations.length) },
    result: await saveResult(options, opened, folder, prepared.policy),
  });
  folder.finish();
  // A longer run of the same config goes on from policies and values. Those of --full are as large
  // as the model each: it computes its updates again, to the same result.
  if (options.full) await Deno.remove(folder.path("policies"), { recursive: true }).catch(() => {});
  return `${found}\ndone: ${folder.path("report.html")}`;
}
