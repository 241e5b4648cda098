import { readPreferences } from "../../../lib/data/read_preferences.ts";
import { formatSummary, summarizeData } from "../../../lib/data/summary.ts";
import { tokenizePairs } from "../../../lib/data/tokenize_pairs.ts";
import { prepareOutput, writeJsonl } from "../../../lib/data/write_jsonl.ts";
import type { OptionValues } from "../../../lib/cli/option.ts";
import { UserError } from "../../../lib/errors.ts";
import { implicitRewards } from "../../../lib/margins/implicit_reward.ts";
import { implicitRewardMargins } from "../../../lib/margins/implicit_reward_margin.ts";
import { LanguageModel } from "../../../lib/policy/language_model.ts";
import { loadPolicy } from "../../../lib/policy/load_policy.ts";
import type { PromptGroup } from "../../../lib/policy/packing.ts";
import { sequenceLogps } from "../../../lib/policy/sequence_logps.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import type { scoreOptions } from "./options.ts";

/**
 * Scores pairs and writes one line a pair, in the file's order.
 *
 * @returns one line about what was done
 * @throws UserError naming file, option or tensor; the output file is then as it was
 */
export async function scorePairs(
  options: OptionValues<typeof scoreOptions>,
  progress: ProgressSink,
): Promise<string> {
  const file = await readPreferences(options.data, { limit: options.limit });
  prepareOutput(options.out);
  const { files, model } = await loadPolicy(options.model, options.adapter);
  const tokenized = tokenizePairs(file.pairs, files.tokenizer, {
    maxLength: options.maxLength ?? files.config.maxPositions,
    contextLength: files.config.maxPositions,
    chatTemplate: options.chatTemplate,
  });
  progress.message(formatSummary(summarizeData(file, tokenized)));
  const groups = tokenized.pairs.map((pair): PromptGroup => ({
    promptIds: pair.promptIds,
    completions: [pair.chosenIds, pair.rejectedIds],
  }));
  const logps = await score(model, groups, "score", options.maxRows, progress);
  const reference = await referenceLogps(
    options,
    model,
    files.tokenizer.fingerprint,
    groups,
    progress,
  );
  const margins = reference === undefined
    ? undefined
    : marginsOf(logps, reference, groups, options.beta);
  writeJsonl(
    options.out,
    tokenized.pairs.map((pair, i) => ({
      id: pair.id,
      chosen_logp: logps[i]?.[0],
      rejected_logp: logps[i]?.[1],
      chosen_tokens: pair.chosenIds.length,
      rejected_tokens: pair.rejectedIds.length,
      ...(margins === undefined ? {} : { irm: margins[i] }),
    })),
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

function marginsOf(
  logps: readonly Float64Array[],
  reference: readonly Float64Array[],
  groups: readonly PromptGroup[],
  beta: number,
): Float64Array {
  const rewards = (side: 0 | 1) =>
    implicitRewards(
      { name: "dpo", beta },
      Float64Array.from(logps, (pair) => pair[side] as number),
      Float64Array.from(reference, (pair) => pair[side] as number),
      Float64Array.from(groups, (group) => group.completions[side]?.length ?? 0),
    );
  return implicitRewardMargins(rewards(0), rewards(1));
}
