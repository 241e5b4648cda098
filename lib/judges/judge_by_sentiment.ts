import { tokenizePrompt } from "../data/tokenize_pairs.ts";
import type { ChatTemplateUse } from "../data/render_text.ts";
import { fluencyThreshold, SentimentGold } from "../environments/sentiment/gold.ts";
import { SENTIMENT_CAP } from "../environments/sentiment/lexicon.ts";
import { UserError } from "../errors.ts";
import { generate } from "../policy/generate.ts";
import type { LoadedModel } from "../policy/load_policy.ts";
import type { PromptGroup } from "../policy/packing.ts";
import { completionLogps } from "../policy/sequence_logps.ts";
import { AFTER, encodeContinuation } from "../text/encode_continuation.ts";
import type { Comparison, JudgedComparison } from "./comparison.ts";
import { type AnswerScores, judgedByScores } from "./judged_by_scores.ts";

/** Samples of the SFT model, in all and at least, that say what is fluent. */
export const FLUENCY_SAMPLES = 128;

/** How the SFT model is asked. */
export interface SentimentJudging {
  readonly chatTemplate: ChatTemplateUse;
  /** Longest sample, tokens. */
  readonly maxNewTokens: number;
  /** Samples decoded side by side. */
  readonly batch: number;
  /** Most tokens in one pass of scoring. */
  readonly maxRows: number;
  /** Of the samples. */
  readonly seed: number;
  /** Called with the samples drawn so far. */
  readonly onSampled?: (count: number) => void;
}

/** Comparisons judged by sentiment, and what was scored. */
export interface SentimentJudged {
  readonly judged: readonly JudgedComparison[];
  /** Gold rewards, in the comparisons' order. */
  readonly scores: readonly AnswerScores[];
  /** Least log-probability per token under the SFT model, nats, of a fluent answer. */
  readonly fluentFrom: number;
  /** Answers that are not fluent, ours and the baseline's. */
  readonly notFluent: { readonly answers: number; readonly baselines: number };
  /** Answers that exceeded the model's context and were cut. */
  readonly cut: number;
}

/**
 * Judges comparisons by the gold reward of controlled sentiment: the sentiment of an answer, and the
 * worst where it is not fluent, that is, less likely a token than 95 % of the SFT model's own samples
 * to the same instructions. An answer without tokens is not fluent. It sees one answer at a time, so
 * order means nothing to it.
 *
 * @throws {UserError} naming an instruction that leaves no room in the model's context
 */
export async function judgeBySentiment(
  comparisons: readonly Comparison[],
  { model: sft, files }: LoadedModel,
  options: SentimentJudging,
): Promise<SentimentJudged> {
  const { tokenizer, config } = files;
  const prompts = new Map<string, Int32Array>();
  for (const { id, instruction } of comparisons) {
    if (prompts.has(instruction)) continue;
    const ids = tokenizePrompt(instruction, tokenizer, options.chatTemplate);
    if (ids.length >= config.maxPositions) {
      throw new UserError(
        `instruction ${id} has ${ids.length} tokens, the judge's context is ${config.maxPositions}`,
      );
    }
    prompts.set(instruction, ids);
  }
  const text = (ids: Int32Array) => tokenizer.decode(ids, { skipSpecialTokens: true });
  const logps = (groups: readonly PromptGroup[]) =>
    completionLogps(sft, groups, { maxRows: options.maxRows });

  const asked = spread([...prompts.values()], FLUENCY_SAMPLES);
  const samples = await generate(sft, asked, {
    ...{ temperature: 1, topP: 1, topK: 0, stopTokenIds: tokenizer.stopTokenIds },
    ...{ maxNewTokens: options.maxNewTokens, batch: options.batch, seed: options.seed },
    responses: Math.ceil(FLUENCY_SAMPLES / asked.length),
    path: ["fluency"],
    onProgress: (count) => options.onSampled?.(count),
  });
  // As texts, which is what answers are: without the token that ends a response.
  const sampled = samples.flatMap((responses, p) =>
    responses.map(({ ids }) =>
      groupOf(asked[p] as Int32Array, encodeContinuation(tokenizer, AFTER, text(ids)))
    )
  ).filter(hasTokens);
  if (sampled.length === 0) throw new UserError(`${files.origin} answers nothing but its end`);
  const fluentFrom = fluencyThreshold(await logps(sampled), sampled.map(lengthOf));

  let cut = 0;
  const groups = comparisons.flatMap(({ instruction, answer, baseline }) => {
    const promptIds = prompts.get(instruction) as Int32Array;
    const room = config.maxPositions - promptIds.length;
    return [answer, baseline].map((each) => {
      const ids = encodeContinuation(tokenizer, AFTER, each);
      cut += Number(ids.length > room);
      return groupOf(promptIds, ids.slice(0, room));
    });
  });
  const gold = new SentimentGold({ sft, fluentFrom, text });
  const scored = groups.filter(hasTokens);
  await gold.prepare(scored, await logps(scored));
  const fluent = groups.map(({ promptIds, completions: [ids] }) =>
    ids !== undefined && ids.length > 0 && gold.valid(promptIds, ids)
  );
  const rewards = groups.map(({ promptIds, completions: [ids] }, i) =>
    fluent[i] ? gold.reward(promptIds, ids as Int32Array) : -SENTIMENT_CAP
  );
  const notFluent = (side: number) => fluent.filter((is, i) => i % 2 === side && !is).length;
  return {
    ...{ ...judgedByScores(comparisons, rewards), fluentFrom, cut },
    notFluent: { answers: notFluent(0), baselines: notFluent(1) },
  };
}

const groupOf = (promptIds: Int32Array, ids: Int32Array): PromptGroup => ({
  promptIds,
  completions: [ids],
});
const lengthOf = ({ completions: [ids] }: PromptGroup): number => ids?.length ?? 0;
const hasTokens = (group: PromptGroup): boolean => lengthOf(group) > 0;

/** At most `count` of the values, evenly over their order. */
function spread<T>(values: readonly T[], count: number): T[] {
  if (values.length <= count) return [...values];
  return Array.from(
    { length: count },
    (_, i) => values[Math.floor(i * values.length / count)] as T,
  );
}
