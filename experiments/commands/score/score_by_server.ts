import { downloadProgress } from "../../../lib/environments/preference_file/download_progress.ts";
import { dataPath } from "../../../lib/environments/preference_file/data_path.ts";
import type { OptionValues } from "../../../lib/cli/option.ts";
import { UsageError } from "../../../lib/cli/usage_error.ts";
import { checkApartFromData } from "../../../lib/data/data_files.ts";
import { readPreferences } from "../../../lib/data/read_preferences.ts";
import { renderPair } from "../../../lib/data/render_text.ts";
import { tokenizePairs } from "../../../lib/data/tokenize_pairs.ts";
import { prepareOutput } from "../../../lib/data/write_jsonl.ts";
import { openTokenizer } from "../../../lib/policy/io/load.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import { groupOf } from "../../../lib/training/update.ts";
import { ServerRun } from "../server_run.ts";
import { tellData } from "../tell_data.ts";
import type { scoreOptions } from "./options.ts";
import { scoredRows, textsOf } from "./scored_rows.ts";

/**
 * Scores pairs by an inference server and writes one line per pair. Every answer is kept in
 * `<out>.answers.jsonl` until the file is written: after a failure the same command goes on.
 *
 * @param server its address
 * @returns one line about what was done
 * @throws {UserError} naming file, option or server; the output file is then as it was
 */
export async function scorePairsByServer(
  options: OptionValues<typeof scoreOptions>,
  server: string,
  progress: ProgressSink,
): Promise<string> {
  if (options.adapter !== undefined || options.reference !== undefined) {
    throw new UsageError(
      "with --server models are named as the server knows them: --server-model, --server-reference",
    );
  }
  const { data, limit, out, chatTemplate } = options;
  await checkApartFromData({ "--out": out }, [data]);
  const file = await readPreferences(await dataPath(data, progress), { limit });
  prepareOutput(out);
  const tokenizer = await openTokenizer(options.model, {
    onDownload: downloadProgress(progress),
  });
  const tokenized = tokenizePairs(file.pairs, tokenizer, {
    maxLength: options.maxLength ?? Number.MAX_SAFE_INTEGER,
    chatTemplate,
    places: file.places,
  });
  const chat = { template: tokenizer.hasChatTemplate, use: options.chatTemplate };
  tellData(progress, file, tokenized, chat);
  const groups = tokenized.pairs.map(groupOf);
  const texts = file.pairs.flatMap((pair) => {
    const { prompt, chosen, rejected } = renderPair(pair, tokenizer, chatTemplate);
    return [prompt, chosen, rejected];
  });
  using run = new ServerRun(server, options, tokenizer, progress);
  const logpsUnder = async (model: string | undefined, phase: string) =>
    await run.score(await run.open(model, texts), groups, phase, "pair");
  const policy = await logpsUnder(options.serverModel, "score");
  const reference = options.serverReference === undefined
    ? undefined
    : await logpsUnder(options.serverReference, "score reference");
  const columns = options.texts ? await textsOf(file) : undefined;
  run.write(scoredRows(file.pairs, tokenized.pairs, { policy, reference }, options.beta, columns));
  return `${tokenized.pairs.length} pairs scored by ${server}: ${out}`;
}
