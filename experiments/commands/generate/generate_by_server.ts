import { downloadProgress } from "../../../lib/environments/preference_file/download_progress.ts";
import type { OptionValues } from "../../../lib/cli/option.ts";
import { UsageError } from "../../../lib/cli/usage_error.ts";
import { checkApartFromData } from "../../../lib/data/data_files.ts";
import { readPrompts } from "../../../lib/data/read_prompts.ts";
import { renderPrompt } from "../../../lib/data/render_text.ts";
import { tokenizePrompt } from "../../../lib/data/tokenize_pairs.ts";
import { prepareOutput } from "../../../lib/data/write_jsonl.ts";
import { openTokenizer } from "../../../lib/policy/io/load.ts";
import { responseGroups } from "../../../lib/policy/response_groups.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import { generateByServer } from "../../../lib/server/server_scorer.ts";
import { ServerRun } from "../server_run.ts";
import type { generateOptions } from "./options.ts";
import { responseRows } from "./response_rows.ts";

/**
 * Generates responses by an inference server; with `--server-reference` also the log-probabilities
 * that `select --candidates` reads. Every answer is kept in `<out>.answers.jsonl` until the file is
 * written: after a failure the same command goes on.
 *
 * @param url the server's address
 * @returns one line about what was done
 * @throws {UserError} naming file, option or server; the output file is then as it was
 */
export async function generateResponsesByServer(
  options: OptionValues<typeof generateOptions>,
  url: string,
  progress: ProgressSink,
): Promise<string> {
  if (options.adapter !== undefined) {
    throw new UsageError("with --server an adapter is a model of the server: use --server-model");
  }
  const { chatTemplate } = options;
  await checkApartFromData({ "--out": options.out }, [options.prompts]);
  const file = await readPrompts(options.prompts, { limit: options.limit });
  prepareOutput(options.out);
  const tokenizer = await openTokenizer(options.model, {
    onDownload: downloadProgress(progress),
  });
  const texts = file.prompts.map(({ prompt }) =>
    renderPrompt(prompt, tokenizer, chatTemplate).text
  );
  using run = new ServerRun(url, options, tokenizer, progress);
  const server = await run.open(options.serverModel, texts);
  const prompts = file.prompts.map(({ prompt }) => tokenizePrompt(prompt, tokenizer, chatTemplate));
  const count = prompts.length * options.responses;
  const temperature = options.greedy ? 0 : options.temperature;
  const rule = { ...options, temperature, path: ["generate"] };
  const responses = await run.follow(
    "generate",
    count,
    "response",
    (onDone) => generateByServer(server, prompts, rule, run.work, onDone),
  );
  const rows = responseRows(file.prompts, responses, tokenizer);
  if (options.serverReference !== undefined) {
    const groups = responseGroups(prompts, responses);
    const models = { logp: server, ref_logp: await run.open(options.serverReference, texts) };
    for (const [name, model] of Object.entries(models)) {
      const logps = (await run.score(model, groups, `score ${name}`, "prompt"))
        .flatMap((list) => [...list]);
      rows.forEach((row, i) => row[name] = logps[i]);
    }
  }
  run.write(rows);
  return `${count} responses by ${url}: ${options.out}`;
}
