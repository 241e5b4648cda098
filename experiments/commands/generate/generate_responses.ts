import { downloadProgress } from "../../../lib/environments/preference_file/download_progress.ts";
import type { OptionValues } from "../../../lib/cli/option.ts";
import { checkApartFromData } from "../../../lib/data/data_files.ts";
import { readPrompts } from "../../../lib/data/read_prompts.ts";
import { tokenizePrompt } from "../../../lib/data/tokenize_pairs.ts";
import { prepareOutput } from "../../../lib/data/write_jsonl.ts";
import { UserError } from "../../../lib/errors.ts";
import { loadPolicy } from "../../../lib/policy/load_policy.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import { LocalRun } from "../local_run.ts";
import type { generateOptions } from "./options.ts";
import { responseRows } from "./response_rows.ts";

/**
 * Generates responses and writes one line each, in the order of the prompts. Every batch is kept in
 * `<out>.batches.jsonl` until the file is written: after a failure the same command goes on.
 *
 * @returns one line about what was done
 * @throws {UserError} naming file, option or prompt; the output file is then as it was
 */
export async function generateResponses(
  options: OptionValues<typeof generateOptions>,
  progress: ProgressSink,
): Promise<string> {
  await checkApartFromData({ "--out": options.out }, [options.prompts]);
  const file = await readPrompts(options.prompts, { limit: options.limit });
  prepareOutput(options.out);
  using run = new LocalRun(options.out);
  const { files, model } = await loadPolicy(options.model, options.adapter, {
    onDownload: downloadProgress(progress),
  });
  const { tokenizer, config } = files;
  const prompts = file.prompts.map(({ id, prompt }) => {
    const ids = tokenizePrompt(prompt, tokenizer, options.chatTemplate);
    if (ids.length === 0 || ids.length >= config.maxPositions) {
      throw new UserError(
        `${options.prompts}: prompt ${id} has ${ids.length} tokens; ` +
          `it must have between 1 and ${config.maxPositions - 1}`,
      );
    }
    return ids;
  });
  progress.phase("generate", prompts.length * options.responses, { unit: "response" });
  let done = 0, tokensDone = 0;
  const responses = await run.generate({ model, files, adapter: options.adapter }, prompts, {
    temperature: options.greedy ? 0 : options.temperature,
    topP: options.topP,
    topK: options.topK,
    responses: options.responses,
    maxNewTokens: options.maxNewTokens,
    stopTokenIds: tokenizer.stopTokenIds,
    seed: options.seed,
    path: ["generate"],
    batch: options.batch,
    onToken: (tokens) => progress.advance(0, { tokens: tokensDone + tokens }),
    onProgress: (count, tokens) => {
      progress.advance(count - done, { tokens });
      done = count;
      tokensDone = tokens;
    },
  });
  progress.done();
  run.write(responseRows(file.prompts, responses, tokenizer));
  return `${done} responses, ${tokensDone} tokens: ${options.out}`;
}
