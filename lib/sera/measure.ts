import { rewardOf } from "../losses/loss_config.ts";
import { mean } from "../metrics/mean.ts";
import { measureSamples, type SampledMetrics } from "../metrics/measure_samples.ts";
import { finite, type MetricValues } from "../metrics/metrics.ts";
import { bootstrapMetrics, selectionMetrics } from "../metrics/selection_metrics.ts";
import { generate, type Response } from "../policy/generate.ts";
import type { LanguageModel } from "../policy/language_model.ts";
import { pearson } from "../statistics/correlation.ts";
import { accuracyOf, configuredLoss, lengthsOf, pairLogps } from "./pair_logps.ts";
import type { PreparedRun } from "./prepare_run.ts";
import type { GeneratedPair } from "./types.ts";

/** A policy's metrics, and its samples. */
export interface Measured {
  readonly metrics: MetricValues;
  readonly samples: SampledMetrics;
  /** The SFT model's, which the policies are compared with. */
  readonly sft: SampledMetrics;
}

/** What an iteration did before its policy is measured. */
export interface IterationFacts {
  readonly iteration: number;
  readonly margins: ArrayLike<number> | null;
  readonly selected: readonly number[];
  readonly swapped: readonly number[];
  readonly generated: readonly GeneratedPair[];
  /** What the iteration before kept by ranking; null where it ranked nothing. */
  readonly previous: readonly number[] | null;
  readonly sft: SampledMetrics;
}

const NO_SAMPLES: SampledMetrics = { metrics: {}, lengths: [] };

/** Measures the SFT model: its samples and its held-out pairs' log-probabilities. */
export async function measureSft(run: PreparedRun): Promise<Measured> {
  const { evaluation, reference } = run;
  const samples = evaluation === undefined
    ? NO_SAMPLES
    : await run.clock.once("evaluation", "evaluation/sft", async () => {
      const responses = evaluation.sftSamples ??
        await draw(run, reference, ["SFT evaluation"]);
      return await measured(run, reference, responses);
    });
  return { metrics: samples.metrics, samples, sft: samples };
}

/** Measures pi_t, and what the iteration selected, generated and learnt: every metric but times. */
export async function measureIteration(
  run: PreparedRun,
  { iteration, sft, generated, swapped, ...selection }: IterationFacts,
): Promise<Measured> {
  const { policy, pairs, store, evaluation } = run;
  const samples = evaluation === undefined ? NO_SAMPLES : await run.clock.once(
    "evaluation",
    `evaluation/iteration-${iteration}`,
    async () =>
      await measured(run, policy, await draw(run, policy, ["evaluation", iteration]), sft),
  );
  const gold = evaluation?.gold === undefined ? {} : { gold: evaluation.gold };
  const metrics = {
    ...samples.metrics,
    trainLoss: finite(mean((await store.rows(iteration)).map((row) => row.loss))),
    ...await heldOutMetrics(run, iteration),
    ...selectionMetrics({ pairs, swapped: swapped.length, ...selection, ...gold }),
    ...bootstrapMetrics(generated, gold.gold),
  };
  return { metrics, samples, sft };
}

async function heldOutMetrics(run: PreparedRun, iteration: number): Promise<MetricValues> {
  const { heldOut, config, policy, reference, scorer } = run;
  if (heldOut.length === 0) return {};
  const own = await scorer.pairs(`policy-${iteration}-held-out`, policy, heldOut, "evaluation");
  const sft = await scorer.pairs("sft-held-out", reference, heldOut, "evaluation");
  const { losses, margins, chosenRewards, rejectedRewards } = configuredLoss(
    config,
    pairLogps(heldOut, own, sft),
  );
  const lengths = lengthsOf(heldOut);
  return {
    heldOutLoss: finite(mean(losses)),
    heldOutMargin: finite(mean(margins)),
    heldOutAccuracy: finite(accuracyOf(margins)),
    heldOutChosenLogp: mean(own.chosen),
    heldOutRejectedLogp: mean(own.rejected),
    rewardLengthCorrelation: finite(pearson(
      [...chosenRewards, ...rejectedRewards],
      [...lengths.chosen, ...lengths.rejected],
    )),
  };
}

function measured(
  { evaluation, reference, config }: PreparedRun,
  policy: LanguageModel,
  responses: readonly (readonly Response[])[],
  sft?: SampledMetrics,
): Promise<SampledMetrics> {
  return measureSamples(evaluation?.prompts ?? [], responses, {
    ...{ policy, reference, maxRows: config.maxRows, reward: rewardOf(config.loss) },
    ...(evaluation?.gold === undefined ? {} : { gold: evaluation.gold }),
    ...(sft?.rewards === undefined ? {} : { sft: { rewards: sft.rewards, lengths: sft.lengths } }),
  });
}

async function draw(
  { evaluation, stopTokenIds, seed }: PreparedRun,
  model: LanguageModel,
  path: readonly (string | number)[],
): Promise<Response[][]> {
  if (evaluation === undefined || evaluation.prompts.length === 0) return [];
  return await generate(model, evaluation.prompts, {
    ...{ responses: evaluation.samplesPerPrompt, maxNewTokens: evaluation.maxNewTokens },
    ...{ batch: evaluation.batch, stopTokenIds, seed, path, temperature: 1, topP: 1, topK: 0 },
  });
}
