import { tokenizePrompt } from "../../../lib/data/tokenize_pairs.ts";
import { UserError } from "../../../lib/errors.ts";
import { appendDurably } from "../../../lib/files/durable_file.ts";
import { wholeLines } from "../../../lib/files/whole_lines.ts";
import type { EvaluationPrompt } from "../../../lib/judges/read_evaluation_set.ts";
import { generate } from "../../../lib/policy/generate.ts";
import type { LoadedModel } from "../../../lib/policy/load_policy.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import type { EvaluateOptions } from "./options.ts";

/** Instructions that a file has no answer to yet; several with the same text need as many. */
function unanswered(
  path: string,
  prompts: readonly EvaluationPrompt[],
): ReadonlySet<EvaluationPrompt> {
  const left = new Map<string, number>();
  let number = 0;
  for (const line of wholeLines(path)) {
    number++;
    try {
      const instruction = String(JSON.parse(line).instruction);
      left.set(instruction, (left.get(instruction) ?? 0) + 1);
    } catch {
      throw new UserError(`${path} line ${number} is no answer: remove the file to start anew`);
    }
  }
  return new Set(prompts.filter(({ instruction }) => {
    const count = left.get(instruction) ?? 0;
    left.set(instruction, count - 1);
    return count <= 0;
  }));
}

/**
 * Writes a model's answers, batch by batch, to a file in AlpacaEval's schema (`instruction`, `output`,
 * `generator`). What is there already stays: a killed process goes on. The draws of an answer are
 * named by its batch and its place in it: with a temperature, another batch size is another draw.
 *
 * @param load is called where there is something to do
 * @throws {UserError} naming an instruction that is too long
 */
export async function generateAnswers(
  path: string,
  prompts: readonly EvaluationPrompt[],
  load: () => Promise<LoadedModel>,
  options: Pick<
    EvaluateOptions,
    "maxNewTokens" | "temperature" | "batch" | "seed" | "chatTemplate"
  >,
  generator: string,
  progress: ProgressSink,
): Promise<void> {
  const missing = unanswered(path, prompts);
  if (missing.size === 0) return;
  const { model, files } = await load();
  const { tokenizer, config } = files;
  progress.phase("answer", prompts.length, { unit: "answer", done: prompts.length - missing.size });
  for (let at = 0; at < prompts.length; at += options.batch) {
    const batch = prompts.slice(at, at + options.batch);
    if (!batch.some((prompt) => missing.has(prompt))) continue;
    const ids = batch.map(({ id, instruction }) => {
      const found = tokenizePrompt(instruction, tokenizer, options.chatTemplate);
      if (found.length < config.maxPositions) return found;
      throw new UserError(
        `instruction ${id} has ${found.length} tokens, the model's context ${config.maxPositions}`,
      );
    });
    const responses = await generate(model, ids, {
      ...{ temperature: options.temperature, topP: 1, topK: 0, responses: 1 },
      ...{ maxNewTokens: options.maxNewTokens, stopTokenIds: tokenizer.stopTokenIds },
      ...{ seed: options.seed, path: ["evaluate", at], batch: options.batch },
    });
    const lines = batch.flatMap((prompt, i) => {
      const response = responses[i]?.[0];
      if (!missing.has(prompt) || response === undefined) return [];
      const output = tokenizer.decode(response.ids, { skipSpecialTokens: true });
      const { instruction, group: dataset } = prompt;
      const facts = { tokens: response.ids.length, finished: response.finished };
      return [JSON.stringify({ instruction, output, generator, dataset, ...facts }) + "\n"];
    });
    appendDurably(path, new TextEncoder().encode(lines.join("")));
    progress.advance(lines.length);
  }
  progress.done();
}
