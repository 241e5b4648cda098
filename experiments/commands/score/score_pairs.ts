import { readPreferences } from "../../../lib/data/read_preferences.ts";
import { tokenizePairs } from "../../../lib/data/tokenize_pairs.ts";
import { prepareOutput, writeJsonl } from "../../../lib/data/write_jsonl.ts";
import type { OptionValues } from "../../../lib/cli/option.ts";
import { dataPath } from "../../../lib/environments/preference_file/data_path.ts";
import { UserError } from "../../../lib/errors.ts";
import { LanguageModel } from "../../../lib/policy/language_model.ts";
import { loadPolicy } from "../../../lib/policy/load_policy.ts";
import type { PromptGroup } from "../../../lib/policy/packing.ts";
import { sequenceLogps } from "../../../lib/policy/sequence_logps.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import { groupOf } from "../../../lib/training/update.ts";
import { tellData } from "../tell_data.ts";
import type { scoreOptions } from "./options.ts";
import { scoredRows, textsOf } from "./scored_rows.ts";

/**
 * Scores pairs and writes one line per pair, in the file's order.
 *
 * @returns one line about what was done
 * @throws {UserError} naming file, option or tensor; the output file is then as it was
 */
export async function scorePairs(
  options: OptionValues<typeof scoreOptions>,
  progress: ProgressSink,
): Promise<string> {
  const file = await readPreferences(await dataPath(options.data, progress), {
    limit: options.limit,
  });
  prepareOutput(options.out);
  const { files, model } = await loadPolicy(options.model, options.adapter);
  const tokenized = tokenizePairs(file.pairs, files.tokenizer, {
    maxLength: options.maxLength ?? files.config.maxPositions,
    contextLength: files.config.maxPositions,
    chatTemplate: options.chatTemplate,
    places: file.places,
  });
  const chat = { template: files.tokenizer.hasChatTemplate, use: options.chatTemplate };
  tellData(progress, file, tokenized, chat);
  const groups = tokenized.pairs.map(groupOf);
  const logps = await score(model, groups, "score", options.maxRows, progress);
  const { fingerprint } = files.tokenizer;
  const reference = await referenceLogps(options, model, fingerprint, groups, progress);
  const texts = options.texts ? await textsOf(file) : undefined;
  writeJsonl(
    options.out,
    scoredRows(tokenized.pairs, { policy: logps, reference }, options.beta, texts),
  );
  return `${tokenized.pairs.length} pairs scored: ${options.out}`;
}

async function score(
  model: LanguageModel,
  groups: readonly PromptGroup[],
  name: string,
  maxRows: number,
  progress: ProgressSink,
): Promise<Float64Array[]> {
  progress.phase(name, groups.length, { unit: "pair" });
  let done = 0;
  const logps = await sequenceLogps(model, groups, {
    maxRows,
    onBatch: (total) => {
      progress.advance(total - done);
      done = total;
    },
  });
  progress.done();
  return logps;
}

async function referenceLogps(
  options: OptionValues<typeof scoreOptions>,
  model: LanguageModel,
  fingerprint: string,
  groups: readonly PromptGroup[],
  progress: ProgressSink,
): Promise<Float64Array[] | undefined> {
  if (options.reference !== undefined) {
    const reference = await loadPolicy(options.reference);
    if (reference.files.tokenizer.fingerprint !== fingerprint) {
      throw new UserError(
        `${options.reference}: its tokenizer is not that of ${options.model}, so the same tokens ` +
          "mean other text: use a reference with the same tokenizer",
      );
    }
    return await score(reference.model, groups, "score reference", options.maxRows, progress);
  }
  if (options.adapter === undefined) return undefined;
  const base = new LanguageModel(model.config, model.base);
  return await score(base, groups, "score reference", options.maxRows, progress);
}
