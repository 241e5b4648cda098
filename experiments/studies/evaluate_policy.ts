import { EOS_ID, goldReward, isValid, type WorldPrompt } from "../../lib/data/world/mod.ts";
import { pearson } from "../../lib/evaluation/correlation.ts";
import { meanWithInterval } from "../../lib/evaluation/intervals.ts";
import { klPerResponse } from "../../lib/evaluation/kl.ts";
import {
  lengthControlledWinRate,
  type MeasuredSamples,
} from "../../lib/evaluation/length_controlled.ts";
import { distinct2, repetitionRate, truncationRate } from "../../lib/evaluation/text_statistics.ts";
import { winRate } from "../../lib/evaluation/win_rate.ts";
import type { ImplicitReward } from "../../lib/losses/loss_spec.ts";
import type { Response } from "../../lib/policy/generate.ts";
import type { LanguageModel } from "../../lib/policy/language_model.ts";
import { sequenceLogps } from "../../lib/policy/sequence_logps.ts";
import type { MetricValues } from "../../lib/results/study_metrics.ts";

/** Samples to the held-out prompts with their gold rewards and lengths. */
export interface EvaluatedSamples extends MeasuredSamples {
  readonly responses: readonly (readonly Response[])[];
  readonly metrics: MetricValues;
}

/** What samples are measured against. */
export interface EvaluationContext {
  readonly prompts: readonly WorldPrompt[];
  readonly clauses: number;
  readonly policy: LanguageModel;
  /** The SFT model, which KL is measured to. */
  readonly sft: LanguageModel;
  /** The SFT model's own samples; undefined while these are evaluated. */
  readonly sftSamples?: MeasuredSamples;
  /** The implicit reward that the loss optimises. */
  readonly reward: ImplicitReward;
}

/** Measures samples of a policy, `[prompt][sample]`. */
export async function evaluateSamples(
  responses: readonly (readonly Response[])[],
  context: EvaluationContext,
): Promise<EvaluatedSamples> {
  const { prompts, clauses, policy, sft, sftSamples, reward } = context;
  const promptIds = (p: number) => (prompts[p] as WorldPrompt).ids;
  const rewards = responses.map((each, p) =>
    each.map(({ ids }) => goldReward(promptIds(p), ids, clauses).reward)
  );
  const lengths = responses.map((each) => each.map(({ ids }) => ids.length));
  const groups = responses.map((each, p) => ({
    promptIds: promptIds(p),
    completions: each.map(({ ids }) => ids),
  }));
  const policyLogps = await flatLogps(policy, groups);
  const sftLogps = policy === sft ? policyLogps : await flatLogps(sft, groups);
  const flat = responses.flat().map(({ ids }) => ids);
  const flatGold = rewards.flat();
  const flatLengths = lengths.flat();
  const implicit = flatLengths.map((length, i) =>
    reward(policyLogps[i] as number, sftLogps[i] as number, length)
  );
  const byPrompt = meanWithInterval(
    rewards.map((each) => each.reduce((sum, value) => sum + value, 0) / each.length),
  );
  const own = { rewards, lengths };
  const metrics: MetricValues = {
    gold: byPrompt.mean,
    goldSe: byPrompt.sd / Math.sqrt(byPrompt.n),
    winVsSft: sftSamples ? winRate(rewards, sftSamples.rewards) : 0.5,
    lcWinVsSft: sftSamples ? lengthControlledWinRate(own, sftSamples) : 0.5,
    length: meanWithInterval(flatLengths).mean,
    kl: klPerResponse(policyLogps, sftLogps),
    rewardLengthCorrelation: measured(pearson(implicit, flatLengths)),
    goldLengthCorrelation: measured(pearson(flatGold, flatLengths)),
    rewardGoldCorrelation: measured(pearson(implicit, flatGold)),
    distinct2: measured(distinct2(flat)),
    repetitionRate: repetitionRate(flat),
    truncationRate: truncationRate(flat, EOS_ID),
    validRate: flat.filter((ids) => isValid(ids, clauses)).length / flat.length,
  };
  return { responses, rewards, lengths, metrics };
}

async function flatLogps(
  model: LanguageModel,
  groups: Parameters<typeof sequenceLogps>[1],
): Promise<number[]> {
  return (await sequenceLogps(model, groups)).flatMap((values) => [...values]);
}

function measured(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
