import type { OptionValues } from "../../lib/cli/option.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";
import { userPath, userPathOrHub } from "../../lib/cli/user_path.ts";
import { loadEngine } from "../../lib/engine/tensorflow.ts";
import { frozenModel } from "../../lib/environments/frozen_model.ts";
import { UserError } from "../../lib/errors.ts";
import type { ChatTemplateUse } from "../../lib/data/render_text.ts";
import type { JsonObject } from "../../lib/files/canonical_json.ts";
import { anthropicEndpoint } from "../../lib/judges/anthropic_endpoint.ts";
import type { Comparison, JudgedComparison } from "../../lib/judges/comparison.ts";
import { judgeByReward } from "../../lib/judges/judge_by_reward.ts";
import { FLUENCY_SAMPLES, judgeBySentiment } from "../../lib/judges/judge_by_sentiment.ts";
import type { JudgeEndpoint } from "../../lib/judges/judge_endpoint.ts";
import { type JudgingCost, PairJudge, type RefusedQuestion } from "../../lib/judges/judge_pairs.ts";
import { judgeKey } from "../../lib/judges/judge_key.ts";
import { openAiEndpoint } from "../../lib/judges/openai_endpoint.ts";
import type { TokenPrices } from "../../lib/judges/spending.ts";
import { modelFingerprint } from "../../lib/policy/io/model_files.ts";
import { openModel } from "../../lib/policy/io/load.ts";
import { RewardModel } from "../../lib/policy/reward_model.ts";
import { formatDuration } from "../../lib/progress/format_progress.ts";
import type { ProgressSink } from "../../lib/progress/progress_sink.ts";
import { defaultBootstrap } from "../../lib/sera/config.ts";
import type { JudgeName, judgeOptions } from "./judge_options.ts";

/** The options of a judge, as given. */
export type JudgeOptions = OptionValues<typeof judgeOptions> & {
  readonly judge: JudgeName;
  readonly maxRows: number;
  /** Of gold's samples: those of the answers. */
  readonly maxNewTokens: number;
  readonly chatTemplate: ChatTemplateUse;
};

/** A judge that can be asked. */
export interface OpenedJudge {
  /** Everything that decides its verdicts, without keys. */
  readonly identity: JsonObject;
  /** In words. */
  readonly name: string;
  /** What the comparisons would cost, and how long they would take, in words. */
  estimate(comparisons: readonly Comparison[], journal: string): string;
  /**
   * Judges them.
   *
   * @param journal file of every raw reply
   * @throws {UserError} where the judge gives up or the money ends: what was answered is kept
   */
  judge(
    comparisons: readonly Comparison[],
    journal: string,
    progress: ProgressSink,
  ): Promise<Judging>;
}

/** Verdicts, and what they took. */
export interface Judging {
  readonly judged: readonly JudgedComparison[];
  /** For the record. */
  readonly facts: JsonObject;
  /** In a line. */
  readonly text: string;
}

/**
 * Opens the judge that the options name. Keys come from the environment alone.
 *
 * @throws {UserError} where a name, a key or a price is missing, or the model cannot be read
 */
export async function openJudge(options: JudgeOptions): Promise<OpenedJudge> {
  const { judge, judgeModel, judgeUrl, maxCost } = options;
  if (judgeModel === undefined) {
    throw new UsageError(
      judge === "gold"
        ? "the judge gold needs the SFT model, which says what is fluent: --judge-model"
        : `the judge ${judge} needs its name: --judge-model`,
    );
  }
  if (judge === "reward" || judge === "gold") {
    return judge === "reward"
      ? await rewardJudge(userPath(judgeModel), options.maxRows)
      : await goldJudge(userPathOrHub(judgeModel), options);
  }
  const prices = pricesOf(options);
  if (maxCost !== undefined && prices === undefined) {
    throw new UsageError("--max-cost needs --price-input and --price-output");
  }
  const { name: keyName, key } = judgeKey(judge, judgeUrl);
  if (key === undefined) {
    throw new UserError(`the judge ${judge} needs its key in the environment variable ${keyName}`);
  }
  const endpoint = (judge === "openai" ? openAiEndpoint : anthropicEndpoint)({
    ...{ model: judgeModel, url: judgeUrl, key, maxTokens: options.judgeMaxTokens },
    temperature: options.judgeOwnTemperature ? null : options.judgeTemperature,
    timeout: options.judgeTimeout,
  });
  return chatJudge(endpoint, options, prices);
}

function pricesOf({ priceInput, priceOutput }: JudgeOptions): TokenPrices | undefined {
  if (priceInput === undefined && priceOutput === undefined) return undefined;
  if (priceInput === undefined || priceOutput === undefined) {
    throw new UsageError("--price-input and --price-output belong together");
  }
  return { input: priceInput, output: priceOutput };
}

function chatJudge(
  endpoint: JudgeEndpoint,
  { judgeSeed: seed, judgeConcurrency: concurrency, maxCost }: JudgeOptions,
  prices: TokenPrices | undefined,
): OpenedJudge {
  const open = (journal: string) =>
    new PairJudge({ ...{ endpoint, journal, seed, concurrency, prices }, maxCost });
  const { provider, model } = endpoint.identity;
  return {
    identity: { ...endpoint.identity, seed },
    name: `${model} (${provider})`,
    estimate: (comparisons, journal) =>
      estimateText(open(journal).estimate(comparisons), concurrency),
    judge: async (comparisons, journal, progress) => {
      const judge = open(journal);
      const before = judge.estimate(comparisons);
      progress.message(estimateText(before, concurrency));
      const already = judge.spent.dollars ?? 0;
      if (maxCost !== undefined && already + (before.dollars ?? 0) > maxCost) {
        throw new UserError(
          `the verdicts would cost about ${dollars(already + (before.dollars ?? 0))}, more than ` +
            `--max-cost ${maxCost}: raise it, or judge fewer with --limit`,
        );
      }
      const questions = 2 * comparisons.length;
      progress.phase("judge", questions, { unit: "verdict" });
      const judged = await judge.judge(comparisons, () => progress.advance(1));
      progress.done();
      const { spent, lost } = judge;
      const refused = judge.refused(comparisons);
      const { tokens } = spent;
      return {
        judged,
        facts: {
          ...{ calls: spent.calls, tokens: { ...tokens }, dollars: spent.dollars },
          ...{ callSeconds: spent.seconds, repliesLost: lost },
          refused: refused.map((question) => ({ ...question })),
        },
        text:
          `${spent.calls} replies kept (judge: ${model}), ${tokens.input} + ${tokens.output} tokens` +
          `${spent.dollars === null ? "" : `, ${dollars(spent.dollars)}`}, ` +
          `${formatDuration(spent.seconds ?? 0)} of calls` +
          (lost === 0 ? "" : `; ${lost} calls were cut off and may be charged too`) +
          refusedText(refused),
      };
    },
  };
}

/** What a call is taken to last before one was made, seconds. */
const ASSUMED_SECONDS = 2;

function estimateText(
  { calls, tokens, dollars: cost, seconds }: JudgingCost,
  concurrency: number,
): string {
  if (calls === 0) return "every verdict is there already";
  return `${calls} questions to the judge, about ${tokens.input} + ${tokens.output} tokens, ` +
    `${
      cost === null ? "price unknown (--price-input, --price-output)" : `about ${dollars(cost)}`
    }, ` +
    (seconds === null
      ? `about ${formatDuration(Math.ceil(calls / concurrency) * ASSUMED_SECONDS)} if a call ` +
        `takes ${ASSUMED_SECONDS} s (none is made yet)`
      : `about ${formatDuration(seconds)}`);
}

/** Questions that were refused, the first few by name. */
function refusedText(refused: readonly RefusedQuestion[]): string {
  if (refused.length === 0) return "";
  const shown = refused.slice(0, 3).map(({ id, order, reason }) => `${id} (${order}): ${reason}`);
  return `; refused by the judge and left out: ${shown.join("; ")}` +
    (refused.length > shown.length ? `; and ${refused.length - shown.length} more` : "") +
    askedAgainText(refused);
}

/** That the last questions may not be to blame for their refusals. */
function askedAgainText(refused: readonly RefusedQuestion[]): string {
  const count = refused.filter(({ askedAgain }) => askedAgain).length;
  if (count === 0) return "";
  return `; no reply followed ${
    count === refused.length ? "these" : `${count} of these`
  }, as where ` +
    "credit runs out: the same command asks them again";
}

function dollars(value: number): string {
  return `$${value.toFixed(value < 0.1 ? 4 : 2)}`;
}

/** Advances a phase to a count, of which each call tells the whole. */
function advanceTo(progress: ProgressSink): (count: number) => void {
  let before = 0;
  return (count) => {
    progress.advance(count - before);
    before = count;
  };
}

async function rewardJudge(path: string, maxRows: number): Promise<OpenedJudge> {
  const model = await RewardModel.load(path);
  return {
    identity: { provider: "reward", model: path, sha256: model.fingerprint },
    name: `the reward model ${path}`,
    estimate: (comparisons) => `${2 * comparisons.length} answers to score here, at no price`,
    judge: async (comparisons, _journal, progress) => {
      progress.phase("score", 2 * comparisons.length, { unit: "answer" });
      const { judged, scores, cut } = await judgeByReward(
        comparisons,
        model,
        maxRows,
        advanceTo(progress),
      );
      progress.done();
      return {
        judged,
        facts: { scores: scores.map((score) => ({ ...score })), cut },
        text: `${2 * comparisons.length} answers scored by ${path}` +
          (cut === 0 ? "" : `; ${cut} exceeded its context and were cut`),
      };
    },
  };
}

/** The gold reward of controlled sentiment. */
async function goldJudge(spec: string, options: JudgeOptions): Promise<OpenedJudge> {
  const { maxNewTokens, chatTemplate, maxRows, judgeSeed: seed } = options;
  const files = await openModel(spec);
  const sha256 = modelFingerprint(files);
  return {
    identity: {
      ...{ provider: "gold", model: spec, sha256, samples: FLUENCY_SAMPLES },
      ...{ maxNewTokens, chatTemplate, seed },
    },
    name: `the gold reward of sentiment, fluent under ${spec}`,
    estimate: (comparisons) =>
      `${FLUENCY_SAMPLES} samples to draw and ${2 * comparisons.length} answers to score here, ` +
      "at no price",
    judge: async (comparisons, _journal, progress) => {
      await loadEngine();
      const model = await frozenModel(files);
      progress.phase("sample what is fluent", undefined, { unit: "sample" });
      const { judged, scores, fluentFrom, notFluent, cut } = await judgeBySentiment(
        comparisons,
        { files, model },
        {
          ...{ maxNewTokens, chatTemplate, maxRows, seed, batch: defaultBootstrap.batch },
          onSampled: advanceTo(progress),
        },
      );
      progress.done();
      return {
        judged,
        facts: {
          ...{ scores: scores.map((score) => ({ ...score })), fluentFrom },
          ...{ notFluent: { ...notFluent }, cut },
        },
        text: `${2 * comparisons.length} answers scored by sentiment; not fluent (below ` +
          `${fluentFrom.toFixed(2)} nats a token): ${notFluent.answers} of ours, ` +
          `${notFluent.baselines} of the baseline's` +
          (cut === 0 ? "" : `; ${cut} exceeded the context and were cut`),
      };
    },
  };
}
