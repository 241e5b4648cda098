import type { OptionValues } from "../../../lib/cli/option.ts";
import { UsageError } from "../../../lib/cli/usage_error.ts";
import { readPrompts } from "../../../lib/data/read_prompts.ts";
import { renderPrompt } from "../../../lib/data/render_text.ts";
import { tokenizePrompt } from "../../../lib/data/tokenize_pairs.ts";
import { prepareOutput, writeJsonl } from "../../../lib/data/write_jsonl.ts";
import { removeIfThere } from "../../../lib/files/durable_file.ts";
import { openTokenizer } from "../../../lib/policy/io/load.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import { CompletionsServer } from "../../../lib/server/completions_server.ts";
import { generateByServer, scoreByServer } from "../../../lib/server/server_scorer.ts";
import type { generateOptions } from "./options.ts";
import { responseRows } from "./response_rows.ts";

/** Prompts whose text is compared with the server's own tokenisation. */
const CHECKED_PROMPTS = 32;

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
  const { out, concurrency, chatTemplate, timeout: timeoutSeconds } = options;
  const file = await readPrompts(options.prompts, { limit: options.limit });
  prepareOutput(out);
  const tokenizer = await openTokenizer(options.model);
  const open = async (model: string | undefined) => {
    const server = await CompletionsServer.open(url, tokenizer, { model, timeoutSeconds });
    await server.checkTokens(
      file.prompts.slice(0, CHECKED_PROMPTS)
        .map(({ prompt }) => renderPrompt(prompt, tokenizer, chatTemplate).text),
    );
    return server;
  };
  const server = await open(options.serverModel);
  const prompts = file.prompts.map(({ prompt }) => tokenizePrompt(prompt, tokenizer, chatTemplate));
  const work = { journal: `${out}.answers.jsonl`, concurrency };
  const follow = (phase: string, unit: string, total: number) => {
    progress.phase(phase, total, { unit });
    return () => progress.advance(1);
  };
  const count = prompts.length * options.responses;
  const responses = await generateByServer(
    server,
    prompts,
    {
      ...options,
      temperature: options.greedy ? 0 : options.temperature,
      path: ["generate"],
    },
    work,
    follow("generate", "response", count),
  );
  progress.done();
  const rows = responseRows(file.prompts, responses, tokenizer);
  if (options.serverReference !== undefined) {
    const groups = prompts.map((promptIds, i) => ({
      promptIds,
      completions: (responses[i] ?? []).map(({ ids }) => ids),
    }));
    const models = { logp: server, ref_logp: await open(options.serverReference) };
    for (const [name, model] of Object.entries(models)) {
      const onDone = follow(`score ${name}`, "prompt", groups.length);
      const logps = (await scoreByServer(model, groups, work, onDone)).flatMap((list) => [...list]);
      progress.done();
      rows.forEach((row, i) => row[name] = logps[i]);
    }
  }
  writeJsonl(out, rows);
  removeIfThere(work.journal);
  return `${count} responses by ${url}: ${out}`;
}
