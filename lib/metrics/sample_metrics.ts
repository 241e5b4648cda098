import type { Response } from "../policy/generate.ts";
import { pearson } from "../statistics/correlation.ts";
import { meanWithInterval } from "../statistics/intervals.ts";
import { klPerResponse } from "./kl.ts";
import { lengthControlledWinRate, type MeasuredSamples } from "./length_controlled.ts";
import { mean } from "./mean.ts";
import { finite, type MetricDefinitions, type ValuesOf } from "./metric_definition.ts";
import { distinct2, repetitionRate } from "./text_statistics.ts";
import { winRate } from "./win_rate.ts";

/** Metrics of samples: responses drawn at temperature 1 to held-out prompts after the update. */
export const sampleMetricDefinitions = {
  gold: {
    label: "gold reward",
    unit: "reward",
    text:
      "mean gold reward of the samples: the mean over prompts of the mean over a prompt's samples",
    better: "higher",
    gold: true,
  },
  goldSe: {
    label: "SE of gold reward",
    unit: "reward",
    text: "standard error of `gold` over prompts",
    gold: true,
  },
  winVsSft: {
    label: "win rate against SFT",
    unit: "share",
    text:
      "chance that a sample has a higher gold reward than one of the SFT model's to the same prompt, " +
      "ties half",
    better: "higher",
    gold: true,
  },
  lcWinVsSft: {
    label: "length-controlled win rate",
    unit: "share",
    text: "win rate against the SFT model at equal length (logistic fit, arXiv 2404.04475)",
    better: "higher",
    gold: true,
  },
  length: {
    label: "response length",
    unit: "tokens",
    text: "mean length of the samples, end-of-sequence token included",
  },
  kl: {
    label: "KL to SFT",
    unit: "nats per response",
    text:
      "KL(policy || SFT model) on the samples: mean of log pi(y|x) - log pi_SFT(y|x) (k1 estimator)",
  },
  distinct2: {
    label: "distinct-2",
    unit: "share",
    text: "different bigrams over all bigrams of the samples",
    better: "higher",
  },
  repetitionRate: {
    label: "repetition rate",
    unit: "share",
    text: "bigrams of a sample that stood in it before, mean over samples",
    better: "lower",
  },
  truncationRate: {
    label: "truncation rate",
    unit: "share",
    text: "samples cut at the token limit, without an end-of-sequence token",
    better: "lower",
  },
  validRate: {
    label: "valid samples",
    unit: "share",
    text: "samples that obey the environment's grammar",
    better: "higher",
    gold: true,
  },
  goldLengthCorrelation: {
    label: "gold-length correlation",
    unit: "correlation",
    text: "Pearson correlation of gold reward and length over the samples",
    gold: true,
  },
  rewardGoldCorrelation: {
    label: "reward-gold correlation",
    unit: "correlation",
    text: "Pearson correlation of implicit and gold reward over the samples",
    better: "higher",
    gold: true,
  },
} as const satisfies MetricDefinitions;

/** N samples and their log-probabilities, in nats, in the samples' order. */
export interface ScoredSamples {
  readonly samples: readonly Response[];
  readonly policyLogps: readonly number[];
  readonly sftLogps: readonly number[];
}

/** What a gold reward says of the same samples. */
export interface JudgedSamples extends MeasuredSamples {
  /** The implicit reward of each of the N samples. */
  readonly implicit: readonly number[];
  /** Whether each obeys the grammar; undefined where there is none. */
  readonly valid: readonly boolean[] | undefined;
  /** The SFT model's own samples; undefined while those are measured. */
  readonly sft: MeasuredSamples | undefined;
}

/** Metrics of at least one sample; those of quality where a gold reward has judged them. */
export function sampleMetrics(
  { samples, policyLogps, sftLogps }: ScoredSamples,
  judged?: JudgedSamples,
): Partial<ValuesOf<typeof sampleMetricDefinitions>> {
  const ids = samples.map((response) => response.ids);
  return {
    ...(judged && qualityOf(judged)),
    length: mean(ids.map((response) => response.length)),
    kl: klPerResponse(policyLogps, sftLogps),
    distinct2: finite(distinct2(ids)),
    repetitionRate: finite(repetitionRate(ids)),
    truncationRate: mean(samples.map(({ finished }) => finished ? 0 : 1)),
  };
}

function qualityOf({ rewards, lengths, implicit, valid, sft }: JudgedSamples) {
  const byPrompt = meanWithInterval(rewards.map(mean));
  const flat = rewards.flat();
  return {
    gold: byPrompt.mean,
    goldSe: finite(byPrompt.sd / Math.sqrt(byPrompt.n)),
    winVsSft: sft === undefined ? 0.5 : winRate(rewards, sft.rewards),
    lcWinVsSft: sft === undefined ? 0.5 : lengthControlledWinRate({ rewards, lengths }, sft),
    validRate: valid === undefined ? null : mean(valid.map(Number)),
    goldLengthCorrelation: finite(pearson(flat, lengths.flat())),
    rewardGoldCorrelation: finite(pearson(implicit, flat)),
  };
}
