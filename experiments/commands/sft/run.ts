import { basename, join } from "node:path";
import { configFileText } from "../../../lib/cli/config_file.ts";
import { valuesInForce } from "../../../lib/cli/idle_options.ts";
import { splitByPrompt } from "../../../lib/data/split.ts";
import { dropText } from "../../../lib/datasets/drop_counts.ts";
import { type Demonstration, readDemonstrations } from "../../../lib/datasets/demonstrations.ts";
import { loadEngine } from "../../../lib/engine/tensorflow.ts";
import { dataPath } from "../../../lib/environments/preference_file/data_path.ts";
import { downloadProgress } from "../../../lib/environments/preference_file/download_progress.ts";
import { loraOf } from "../../../lib/environments/preference_file/lora_setting.ts";
import { messageOf, UserError } from "../../../lib/errors.ts";
import type { JsonObject } from "../../../lib/files/canonical_json.ts";
import { fingerprintJson, fingerprintSequences } from "../../../lib/files/fingerprint.ts";
import { openModel } from "../../../lib/policy/io/load.ts";
import { type ModelFiles, modelFingerprint } from "../../../lib/policy/io/model_files.ts";
import { LanguageModel } from "../../../lib/policy/language_model.ts";
import { saveModelFolder } from "../../../lib/policy/io/save.ts";
import { saveAdapterTemplate } from "../../../lib/policy/io/adapter_template.ts";
import { withChatTemplate } from "../../../lib/policy/io/with_chat_template.ts";
import { loadPolicy } from "../../../lib/policy/load_policy.ts";
import { exportParameters, loadParameters } from "../../../lib/policy/parameters.ts";
import { sequenceLogps } from "../../../lib/policy/sequence_logps.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import { createPrng } from "../../../lib/random/prng.ts";
import { shareOf } from "../../../lib/round_share.ts";
import { readMachine } from "../../../lib/storage/machine.ts";
import { readProvenance } from "../../../lib/storage/provenance.ts";
import { openRunDirectory, type RunDirectory } from "../../../lib/storage/run_directory.ts";
import { SupervisedRun } from "../../../lib/storage/supervised_run.ts";
import { DEFAULT_ADAMW } from "../../../lib/training/adamw.ts";
import { type SupervisedConfig, trainSupervised } from "../../../lib/training/supervised.ts";
import { roomNeeded } from "../align/room.ts";
import { saveResult } from "../align/result.ts";
import { sftCard } from "./card.ts";
import { idleOptions } from "./idle_options.ts";
import { loraSettingOf, SFT_RATES, type SftOptions, sftOptions } from "./options.ts";

/** Longest example where none is told, if the model's context allows it. */
const DEFAULT_MAX_LENGTH = 1024;

/** Folder of the merged model. */
const MERGED = "model";

/**
 * Fine-tunes a model on demonstrations: reads and checks everything, trains, measures what was held
 * out before and after, writes the result.
 *
 * @returns what was found and where it lies, for the terminal
 * @throws {UserError} naming file, option, tensor or step; checkpoints stay
 */
export async function runSft(options: SftOptions, progress: ProgressSink): Promise<string> {
  const startedAt = new Date().toISOString();
  const { seed, out, force, checkpointSeconds, model, data } = options;
  const original = await openModel(model, { onDownload: downloadProgress(progress) });
  const files = options.template === undefined
    ? original
    : withChatTemplate(original, await readTemplate(options.template));
  const { maxPositions } = files.config;
  const maxLength = options.maxLength ?? Math.min(DEFAULT_MAX_LENGTH, maxPositions);
  if (maxLength > maxPositions) {
    throw new UserError(
      `--max-length ${maxLength} is above the model's context of ${maxPositions}`,
    );
  }
  const { trainOn, turns, chatTemplate, limit, schema } = options;
  const read = await readDemonstrations(await dataPath(data, progress), files.tokenizer, {
    ...{ trainOn, turns, chatTemplate, maxLength, limit, schema },
  });
  const { train, heldOut } = splitByPrompt(
    read.examples,
    options.heldOut,
    createPrng(seed, "held-out"),
  );
  const lora = loraOf(loraSettingOf(options), files.config);
  const config = configOf(options, train.length);
  const { info } = await loadEngine();
  const { backend, device, nativeOps, threads, tensorflowVersion } = info;
  const ids = read.examples.flatMap((each) => [each.promptIds, each.completionIds]);
  const recorded = {
    ...{ command: "sft", model: basename(model), data: basename(data) },
    modelSha256: modelFingerprint(files),
    dataSha256: fingerprintSequences(ids as Int32Array<ArrayBuffer>[]),
    ...{ seed, trainOn, turns, maxLength, chatTemplate, heldOut: options.heldOut },
    lora: lora ?? null,
    training: config,
    engine: { backend, device, nativeOps, threads, tensorflowVersion },
  } as unknown as JsonObject;
  const warn = (message: string) => progress.message(`warning: ${message}`);
  using folder = openRunDirectory(out, recorded, {
    ...{ force, warn, room: roomNeeded({ files, lora }, 1) },
  });
  const merges = options.merge && lora !== undefined;
  const finished = folder.finished && folder.has("record.json");
  // config.json is what a model folder gets last.
  if (finished && (!merges || folder.has(`${MERGED}/config.json`))) {
    return `finished already: see ${folder.path("record.json")}`;
  }
  const repeated = valuesInForce(sftOptions, options, idleOptions(options));
  folder.writeText("config.yaml", configFileText(sftOptions, repeated));
  if (finished) {
    progress.message("finished already: adding the adapter into the weights");
    const trained = await loadPolicy(model, folder.path("adapter"));
    await saveMerged(folder, files, trained.model);
    return `finished already: see ${folder.path("record.json")}\ndone: ${join(out, MERGED)}`;
  }
  folder.appendJsonl("processes.jsonl", { startedAt });
  if (folder.resumed) progress.message(`continuing the run in ${out}`);
  progress.message(
    `${basename(data)}: ${read.read} records, ${train.length} examples to train on, ` +
      `${heldOut.length} held out, ${read.truncated} cut at ${maxLength} tokens` +
      (Object.keys(read.dropped).length === 0 ? "" : `; left out: ${dropText(read.dropped)}`),
  );

  const base = new LanguageModel(files.config, await loadParameters(files.config, files.weights));
  const policy = lora === undefined ? base : base.withLora(lora, seed);
  const { maxRows } = config;
  const measured = async (name: string, of: LanguageModel): Promise<number | null> => {
    const kept = folder.has(name) ? folder.readJson(name) as { loss: number | null } : undefined;
    if (kept !== undefined) return kept.loss;
    const loss = await lossOf(of, heldOut, maxRows);
    folder.writeJson(name, { loss });
    return loss;
  };
  const before = await measured("values/held-out-before.json", policy);
  const store = new SupervisedRun(folder, checkpointSeconds);
  const losses = await trainSupervised(policy, train, config, seed, progress, store);
  const after = await measured("values/held-out-after.json", policy);
  const result = await saveResult(options, { files }, folder, policy);
  if (options.template !== undefined && lora !== undefined) {
    saveAdapterTemplate(folder.path("adapter"), files);
  }
  if (merges) await saveMerged(folder, files, policy);
  const provenance = await readProvenance();
  const record = {
    ...{ command: "sft", config: recorded, configSha256: fingerprintJson(recorded), provenance },
    backend: info,
    data: {
      ...{ read: read.read, dropped: read.dropped, truncated: read.truncated },
      ...{ train: train.length, heldOut: heldOut.length },
    },
    heldOutLoss: {
      before,
      after,
      unit: `nats per token of ${trainOn === "all" ? "the text" : "the completion"}`,
    },
    losses,
    resultSha256: result.sha256,
    machine: readMachine(),
    timings: {
      ...{ startedAt, finishedAt: new Date().toISOString() },
      processes: folder.readJsonl("processes.jsonl").length,
      steps: store.rows().map(({ seconds }) => seconds),
    },
  };
  folder.writeJson("record.json", record);
  const card = sftCard({ options, config, lora, read, train, heldOut, before, after, provenance });
  folder.writeText(`${result.kind === "adapter" ? "adapter" : "model"}/README.md`, card);
  folder.finish();
  const change = before === null || after === null
    ? `last loss ${losses.at(-1)?.toFixed(3)}`
    : `held-out loss ${before.toFixed(3)} before, ${after.toFixed(3)} after (nats per token)`;
  return `${change}\ndone: ${join(out, result.kind === "adapter" ? "adapter" : "model")}`;
}

/** The policy as a model folder, its adapters added into the weights. */
async function saveMerged(
  folder: RunDirectory,
  { config, sourceFiles }: ModelFiles,
  policy: LanguageModel,
): Promise<void> {
  const merged = await exportParameters(config, policy.inferenceWeights().parameters);
  await Deno.mkdir(folder.path(MERGED), { recursive: true });
  await saveModelFolder(folder.path(MERGED), config, merged, sourceFiles);
}

async function readTemplate(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    throw new UserError(`--template: ${path} cannot be read (${messageOf(error)})`);
  }
}

function configOf(options: SftOptions, examples: number): SupervisedConfig {
  const { batch, schedule, warmup, weightDecay, maxGradNorm, maxRows, full } = options;
  const steps = options.steps ?? Math.ceil(examples / batch);
  return {
    schedule: {
      name: schedule,
      peak: options.lr ?? (full ? SFT_RATES.full : SFT_RATES.lora),
      warmupSteps: Math.floor(shareOf(warmup, steps)),
      totalSteps: steps,
    },
    ...{ steps, batch, maxRows },
    optimiser: { ...DEFAULT_ADAMW, weightDecay, maxGradNorm },
  };
}

/** Mean negative log-likelihood a completion token, nats; null where nothing is held out. */
async function lossOf(
  model: LanguageModel,
  examples: readonly Demonstration[],
  maxRows: number,
): Promise<number | null> {
  if (examples.length === 0) return null;
  const groups = examples.map(({ promptIds, completionIds }) => ({
    promptIds,
    completions: [completionIds],
  }));
  const logps = await sequenceLogps(model, groups, { maxRows });
  const tokens = examples.reduce((sum, { completionIds }) => sum + completionIds.length, 0);
  return -logps.reduce((sum, [logp]) => sum + (logp as number), 0) / tokens;
}
