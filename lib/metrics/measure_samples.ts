import type { ImplicitReward } from "../losses/loss_config.ts";
import type { Response } from "../policy/generate.ts";
import type { LanguageModel } from "../policy/language_model.ts";
import { responseGroups } from "../policy/response_groups.ts";
import { completionLogps } from "../policy/sequence_logps.ts";
import type { GoldReward } from "./gold.ts";
import type { MeasuredSamples } from "./length_controlled.ts";
import type { MetricValues } from "./metrics.ts";
import { sampleMetrics } from "./sample_metrics.ts";

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
  /** What was measured of all; see `metrics`. */
  readonly metrics: MetricValues;
  /** Tokens, `[prompt][sample]`. */
  readonly lengths: readonly (readonly number[])[];
  /** Gold rewards, `[prompt][sample]`; absent where the environment knows none. */
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
  const groups = responseGroups(prompts, responses);
  const logpsUnder = (model: LanguageModel) => completionLogps(model, groups, { maxRows });
  const policyLogps = await logpsUnder(policy);
  const sftLogps = policy === reference ? policyLogps : await logpsUnder(reference);
  const scored = { samples: flat, policyLogps, sftLogps };
  if (gold === undefined) return { metrics: sampleMetrics(scored), lengths };

  await gold.prepare?.(groups, sftLogps);
  const rewards = responses.map((each, p) =>
    each.map((response) => gold.reward(prompts[p] as Int32Array, response.ids))
  );
  const implicit = flat.map(({ ids }, i) =>
    reward(policyLogps[i] as number, sftLogps[i] as number, ids.length)
  );
  const valid = gold.valid &&
    responses.flatMap((each, p) =>
      each.map(({ ids }) => gold.valid?.(prompts[p] as Int32Array, ids) === true)
    );
  return {
    metrics: sampleMetrics(scored, { rewards, lengths, implicit, valid, sft }),
    lengths,
    rewards,
  };
}
