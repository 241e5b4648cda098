import { downloadProgress } from "../../../lib/environments/preference_file/download_progress.ts";
import { checkApartFromData } from "../../../lib/data/data_files.ts";
import { readPreferences } from "../../../lib/data/read_preferences.ts";
import { tokenizePairs } from "../../../lib/data/tokenize_pairs.ts";
import { prepareOutput } from "../../../lib/data/write_jsonl.ts";
import type { OptionValues } from "../../../lib/cli/option.ts";
import { dataPath } from "../../../lib/environments/preference_file/data_path.ts";
import { UserError } from "../../../lib/errors.ts";
import { LanguageModel } from "../../../lib/policy/language_model.ts";
import { withAdapterTemplate } from "../../../lib/policy/io/adapter_template.ts";
import { type LoadedModel, loadPolicy } from "../../../lib/policy/load_policy.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import { groupOf } from "../../../lib/training/update.ts";
import { type LocalModel, LocalRun } from "../local_run.ts";
import { tellData } from "../tell_data.ts";
import type { scoreOptions } from "./options.ts";
import { scoredRows, textsOf } from "./scored_rows.ts";

/**
 * Scores pairs and writes one line per pair, in the file's order. Every pass is kept in
 * `<out>.batches.jsonl` until the file is written: after a failure the same command goes on.
 *
 * @returns one line about what was done
 * @throws {UserError} naming file, option or tensor; the output file is then as it was
 */
export async function scorePairs(
  options: OptionValues<typeof scoreOptions>,
  progress: ProgressSink,
): Promise<string> {
  await checkApartFromData({ "--out": options.out }, [options.data]);
  const file = await readPreferences(await dataPath(options.data, progress), {
    limit: options.limit,
  });
  prepareOutput(options.out);
  using run = new LocalRun(options.out);
  const { files, model } = await loadPolicy(options.model, options.adapter, {
    onDownload: downloadProgress(progress),
  });
  const tokenized = tokenizePairs(file.pairs, files.tokenizer, {
    maxLength: options.maxLength ?? files.config.maxPositions,
    contextLength: files.config.maxPositions,
    chatTemplate: options.chatTemplate,
    places: file.places,
  });
  const chat = { template: files.tokenizer.hasChatTemplate, use: options.chatTemplate };
  tellData(progress, file, tokenized, chat);
  const groups = tokenized.pairs.map(groupOf);
  const score = (source: LocalModel, name: string) =>
    follow(
      name,
      groups.length,
      progress,
      (onBatch) => run.score(source, groups, { maxRows: options.maxRows, onBatch }),
    );
  const policy = await score({ model, files, adapter: options.adapter }, "score");
  const base = await referenceOf(options, { model, files });
  const reference = base && await score(base, "score reference");
  const texts = options.texts ? await textsOf(file) : undefined;
  run.write(scoredRows(file.pairs, tokenized.pairs, { policy, reference }, options.beta, texts));
  return `${tokenized.pairs.length} pairs scored: ${options.out}`;
}

/** Does work as a phase of the progress; `onBatch` is to be told the pairs done so far. */
async function follow<T>(
  phase: string,
  total: number,
  progress: ProgressSink,
  work: (onBatch: (done: number) => void) => Promise<T>,
): Promise<T> {
  progress.phase(phase, total, { unit: "pair" });
  let before = 0;
  const result = await work((done) => {
    progress.advance(done - before);
    before = done;
  });
  progress.done();
  return result;
}

/** The reference that is given, or with an adapter the model without it. */
async function referenceOf(
  options: OptionValues<typeof scoreOptions>,
  { model, files }: LoadedModel,
): Promise<LocalModel | undefined> {
  if (options.reference !== undefined) {
    const reference = await loadPolicy(options.reference);
    // Its tokens alone are scored: the template beside the policy's adapter made them.
    const sameTemplate = withAdapterTemplate(reference.files, options.adapter);
    if (sameTemplate.tokenizer.fingerprint !== files.tokenizer.fingerprint) {
      throw new UserError(
        `${options.reference}: its tokenizer is not that of ${options.model}, so the same tokens ` +
          "mean other text: use a reference with the same tokenizer",
      );
    }
    return { ...reference, adapter: undefined };
  }
  if (options.adapter === undefined) return undefined;
  return { model: new LanguageModel(model.config, model.base), files, adapter: undefined };
}
