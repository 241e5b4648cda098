import type { ImplicitReward } from "../losses/loss_config.ts";
import type { Response } from "../policy/generate.ts";
import type { LanguageModel } from "../policy/language_model.ts";
import { sequenceLogps } from "../policy/sequence_logps.ts";
import { pearson } from "../statistics/correlation.ts";
import { meanWithInterval } from "../statistics/intervals.ts";
import type { GoldReward } from "./gold.ts";
import { klPerResponse } from "./kl.ts";
import { lengthControlledWinRate, type MeasuredSamples } from "./length_controlled.ts";
import { mean } from "./mean.ts";
import { finite, type MetricValues } from "./metrics.ts";
import { distinct2, repetitionRate } from "./text_statistics.ts";
import { winRate } from "./win_rate.ts";

/** What samples are measured with. */
export interface SampleMeasurement {
  readonly policy: LanguageModel;
  /** The SFT model, which KL is measured to. */
  readonly reference: LanguageModel;
  /** The implicit reward that the loss optimises. */
  readonly reward: ImplicitReward;
  readonly maxRows: number;
  readonly gold?: GoldReward;
  /** The SFT model's own samples; absent while those are measured. */
  readonly sft?: MeasuredSamples;
}

/** Samples with what was measured of each and of all. */
export interface SampledMetrics {
  readonly metrics: MetricValues;
  /** Tokens and, where there is a gold reward, rewards: `[prompt][sample]`. */
  readonly lengths: readonly (readonly number[])[];
  readonly rewards?: readonly (readonly number[])[];
}

/**
 * Measures a policy's samples to held-out prompts.
 *
 * @param responses `[prompt][sample]`, drawn at temperature 1 with nothing cut, as the KL estimate needs
 */
export async function measureSamples(
  prompts: readonly Int32Array[],
  responses: readonly (readonly Response[])[],
  { policy, reference, reward, maxRows, gold, sft }: SampleMeasurement,
): Promise<SampledMetrics> {
  const lengths = responses.map((each) => each.map(({ ids }) => ids.length));
  const flat = responses.flat();
  if (flat.length === 0) return { metrics: {}, lengths };
  const groups = responses.map((each, p) => ({
    promptIds: prompts[p] as Int32Array,
    completions: each.map(({ ids }) => ids),
  }));
  const logpsUnder = async (model: LanguageModel) =>
    (await sequenceLogps(model, groups, { maxRows })).flatMap((values) => [...values]);
  const policyLogps = await logpsUnder(policy);
  const sftLogps = policy === reference ? policyLogps : await logpsUnder(reference);
  const ids = flat.map((response) => response.ids);
  const metrics: MetricValues = {
    length: mean(lengths.flat()),
    kl: klPerResponse(policyLogps, sftLogps),
    distinct2: finite(distinct2(ids)),
    repetitionRate: finite(repetitionRate(ids)),
    truncationRate: mean(flat.map(({ finished }) => finished ? 0 : 1)),
  };
  if (gold === undefined) return { metrics, lengths };

  const rewards = responses.map((each, p) =>
    each.map((response) => gold.reward(prompts[p] as Int32Array, response.ids))
  );
  const byPrompt = meanWithInterval(rewards.map(mean));
  const flatRewards = rewards.flat(), flatLengths = lengths.flat();
  const implicit = flatLengths.map((length, i) =>
    reward(policyLogps[i] as number, sftLogps[i] as number, length)
  );
  const own = { rewards, lengths };
  return {
    metrics: {
      gold: byPrompt.mean,
      goldSe: finite(byPrompt.sd / Math.sqrt(byPrompt.n)),
      winVsSft: sft === undefined ? 0.5 : winRate(rewards, sft.rewards),
      lcWinVsSft: sft === undefined ? 0.5 : lengthControlledWinRate(own, sft),
      ...metrics,
      validRate: gold.valid === undefined
        ? null
        : mean(ids.map((response) => Number(gold.valid?.(response)))),
      goldLengthCorrelation: finite(pearson(flatRewards, flatLengths)),
      rewardGoldCorrelation: finite(pearson(implicit, flatRewards)),
    },
    lengths,
    rewards,
  };
}
