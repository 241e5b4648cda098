import { basename } from "node:path";
import { flipLabels } from "../../../lib/data/label_noise.ts";
import { readPreferences } from "../../../lib/data/read_preferences.ts";
import { splitByPrompt } from "../../../lib/data/split.ts";
import { formatSummary, summarizeData } from "../../../lib/data/summary.ts";
import { tokenizePairs } from "../../../lib/data/tokenize_pairs.ts";
import { engine, loadEngine } from "../../../lib/engine/tensorflow.ts";
import { UserError } from "../../../lib/errors.ts";
import { loadParameters } from "../../../lib/policy/parameters.ts";
import { LanguageModel } from "../../../lib/policy/language_model.ts";
import { initialLora } from "../../../lib/policy/lora.ts";
import type { DownloadProgress } from "../../../lib/policy/io/hub.ts";
import { cacheDir } from "../../../lib/policy/io/cache_dir.ts";
import { openModel } from "../../../lib/policy/io/load.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import { createPrng } from "../../../lib/random/prng.ts";
import { Artefacts } from "../../../lib/storage/artefacts.ts";
import { cachedSequenceLogps } from "../../../lib/storage/cached_logps.ts";
import type { JsonObject } from "../../../lib/files/canonical_json.ts";
import { fingerprintSequences } from "../../../lib/files/fingerprint.ts";
import { LogpCache } from "../../../lib/storage/logp_cache.ts";
import { openRunDirectory } from "../../../lib/storage/run_directory.ts";
import { RunStore } from "../../../lib/storage/run_store.ts";
import { runSera } from "../../../lib/sera/run_sera.ts";
import { configure, configureLora } from "./configure.ts";
import { evaluateIteration, type EvaluationSetting, measureResponses } from "./evaluate.ts";
import type { AlignOptions } from "./options.ts";
import { writeOutputs } from "./outputs.ts";

/** Longest sequence where `--max-length` is not given, if the model's context allows it. */
const DEFAULT_MAX_LENGTH = 1024;

/**
 * Aligns a model: reads and checks everything, opens the run's folder, iterates, writes the results.
 *
 * @returns one line about what was done
 * @throws UserError naming file, option, tensor or step; nothing computed before is lost
 */
export async function runAlign(options: AlignOptions, progress: ProgressSink): Promise<string> {
  const startedAt = new Date().toISOString();
  const files = await openModel(options.model, {
    onDownload: downloadProgress(progress),
  });
  const file = await readPreferences(options.data, { limit: options.limit });
  const maxLength = options.maxLength ?? Math.min(DEFAULT_MAX_LENGTH, files.config.maxPositions);
  const tokenized = tokenizePairs(file.pairs, files.tokenizer, {
    maxLength,
    contextLength: files.config.maxPositions,
    chatTemplate: options.chatTemplate,
  });
  const split = splitByPrompt(
    file.pairs,
    options.heldOut,
    createPrng(options.seed, "held-out"),
  );
  const heldOutIds = new Set(split.heldOut.map((pair) => pair.id));
  const clean = tokenized.pairs.filter((pair) => !heldOutIds.has(pair.id));
  const heldOut = tokenized.pairs.filter((pair) => heldOutIds.has(pair.id));
  if (clean.length < 2) {
    throw new UserError(
      `${options.data}: ${clean.length} training pairs are left; at least 2 are needed`,
    );
  }
  const pairs = options.flipLabels > 0
    ? flipLabels(clean, options.flipLabels, createPrng(options.seed, "flip-labels")).pairs
    : clean;
  const config = configure(options, pairs.length);
  const lora = configureLora(options);
  const { info } = await loadEngine();
  const spec = {
    command: "align",
    method: options.method,
    model: { name: basename(options.model), sha256: files.fingerprint },
    tokenizer: files.tokenizer.fingerprint,
    data: { name: basename(options.data), sha256: file.fingerprint },
    maxLength,
    chatTemplate: options.chatTemplate,
    heldOut: options.heldOut,
    flipLabels: options.flipLabels,
    maxNewTokens: options.maxNewTokens,
    lora: lora ?? null,
    config,
    seed: options.seed,
    // Another backend or thread count rounds differently.
    engine: {
      backend: info.backend,
      device: info.device,
      nativeOps: info.nativeOps,
      threads: info.threads,
      tensorflow: info.tensorflowVersion,
    },
  } as unknown as JsonObject;

  const warn = (message: string) => progress.message(`warning: ${message}`);
  using folder = openRunDirectory(options.out, spec, {
    force: options.force,
    warn,
  });
  if (folder.finished) return `finished already: see ${folder.path("report.html")}`;
  folder.appendJsonl("processes.jsonl", { startedAt });
  if (folder.resumed) progress.message(`continuing the run in ${options.out}`);
  const summary = summarizeData(file, tokenized);
  progress.message(`${basename(options.data)}: ${formatSummary(summary)}`);
  progress.message(
    `${info.package} on ${info.device}, ${info.threads} threads` +
      (info.nativeOps ? ", fused kernels" : ""),
  );

  const parameters = await loadParameters(files.config, files.weights);
  const reference = new LanguageModel(files.config, parameters);
  const policy = lora === undefined
    ? reference.clone()
    : new LanguageModel(files.config, parameters, {
      config: lora,
      layers: initialLora(files.config, lora, options.seed),
    });
  const store = new RunStore(folder, { checkpointSeconds: options.checkpointSeconds, warn });
  const cache = new LogpCache(new Artefacts(cacheDir("logps")), warn);
  const setting: EvaluationSetting = {
    heldOut,
    config,
    seed: options.seed,
    stopTokenIds: files.tokenizer.stopTokenIds,
    maxNewTokens: options.maxNewTokens,
  };
  const sft = await store.once(
    "evaluation/sft",
    () => measureResponses(reference, reference, setting),
  );
  const iterations = await runSera({
    policy,
    reference,
    pairs,
    heldOut,
    prompts: distinctPrompts(pairs.map((pair) => pair.promptIds)),
    stopTokenIds: files.tokenizer.stopTokenIds,
    config,
    seed: options.seed,
    store,
    progress,
    scoreReference: (groups, scoring) =>
      cachedSequenceLogps(
        cache,
        { model: files.fingerprint, adapter: null, tokenizer: files.tokenizer.fingerprint },
        reference,
        groups,
        scoring,
      ),
    evaluate: (state) => evaluateIteration(state, setting),
  });
  await writeOutputs({
    options,
    files,
    folder,
    store,
    policy,
    pairs,
    source: file.pairs,
    iterations,
    sft,
    spec,
    engine: engine().info,
    startedAt,
    data: {
      read: file.pairs.length + file.skipped.length,
      train: pairs.length,
      heldOut: heldOut.length,
      skippedEqual: file.skipped.length,
      unused: file.pairs.length - tokenized.pairs.length,
      truncated: tokenized.truncated.prompt + tokenized.truncated.chosen +
        tokenized.truncated.rejected,
      meanChosenTokens: summary.chosenTokens.mean,
      meanRejectedTokens: summary.rejectedTokens.mean,
      sha256: fingerprintSequences(
        pairs.flatMap((p) => [p.promptIds, p.chosenIds, p.rejectedIds]) as Int32Array<
          ArrayBuffer
        >[],
      ),
    },
  });
  folder.finish();
  // Only an unfinished run needs them; with --full a policy is as large as the model.
  for (const name of ["policies", "values"]) {
    await Deno.remove(folder.path(name), { recursive: true }).catch(() => {});
  }
  return `done: ${folder.path("report.html")}`;
}

/** One message a tenth of each file. */
function downloadProgress(progress: ProgressSink): (state: DownloadProgress) => void {
  const told = new Map<string, number>();
  return ({ file, bytes, totalBytes }) => {
    const tenth = Math.floor(10 * bytes / Math.max(1, totalBytes));
    if (told.get(file) === tenth) return;
    told.set(file, tenth);
    progress.message(`downloading ${file}: ${10 * tenth} % of ${totalBytes} bytes`);
  };
}

/** Each prompt once, in order of first use. */
function distinctPrompts(prompts: readonly Int32Array[]): Int32Array[] {
  return [...new Map(prompts.map((prompt) => [prompt.join(), prompt])).values()];
}
