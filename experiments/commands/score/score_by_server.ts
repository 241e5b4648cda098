import { dataPath } from "../../../lib/environments/preference_file/data_path.ts";
import type { OptionValues } from "../../../lib/cli/option.ts";
import { UsageError } from "../../../lib/cli/usage_error.ts";
import { readPreferences } from "../../../lib/data/read_preferences.ts";
import { renderPair } from "../../../lib/data/render_text.ts";
import { tokenizePairs } from "../../../lib/data/tokenize_pairs.ts";
import { prepareOutput, writeJsonl } from "../../../lib/data/write_jsonl.ts";
import { removeIfThere } from "../../../lib/files/durable_file.ts";
import { openTokenizer } from "../../../lib/policy/io/load.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import { CompletionsServer } from "../../../lib/server/completions_server.ts";
import { scoreByServer } from "../../../lib/server/server_scorer.ts";
import { groupOf } from "../../../lib/training/update.ts";
import { tellData } from "../tell_data.ts";
import type { scoreOptions } from "./options.ts";
import { scoredRows, textsOf } from "./scored_rows.ts";

/** Pairs whose texts are compared with the server's own tokenisation, spread over the file. */
const CHECKED_PAIRS = 32;

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
  const { data, limit, out, chatTemplate, concurrency } = options;
  const file = await readPreferences(await dataPath(data, progress), { limit });
  prepareOutput(out);
  const tokenizer = await openTokenizer(options.model);
  const tokenized = tokenizePairs(file.pairs, tokenizer, {
    maxLength: options.maxLength ?? Number.MAX_SAFE_INTEGER,
    chatTemplate,
    places: file.places,
  });
  const chat = { template: tokenizer.hasChatTemplate, use: options.chatTemplate };
  tellData(progress, file, tokenized, chat);
  const groups = tokenized.pairs.map(groupOf);
  const step = Math.max(1, Math.floor(file.pairs.length / CHECKED_PAIRS));
  const checked = file.pairs.filter((_, i) => i % step === 0).flatMap((pair) => {
    const { prompt, chosen, rejected } = renderPair(pair, tokenizer, chatTemplate);
    return [prompt, chosen, rejected];
  });
  const journal = `${out}.answers.jsonl`;
  const logpsUnder = async (model: string | undefined, phase: string) => {
    const timeoutSeconds = options.timeout;
    const opened = await CompletionsServer.open(server, tokenizer, { model, timeoutSeconds });
    await opened.checkTokens(checked);
    progress.phase(phase, groups.length, { unit: "pair" });
    const logps = await scoreByServer(
      opened,
      groups,
      { journal, concurrency },
      () => progress.advance(1),
    );
    progress.done();
    return logps;
  };
  const policy = await logpsUnder(options.serverModel, "score");
  const reference = options.serverReference === undefined
    ? undefined
    : await logpsUnder(options.serverReference, "score reference");
  const texts = options.texts ? await textsOf(file) : undefined;
  writeJsonl(out, scoredRows(tokenized.pairs, { policy, reference }, options.beta, texts));
  removeIfThere(journal);
  return `${tokenized.pairs.length} pairs scored by ${server}: ${out}`;
}
