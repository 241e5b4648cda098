import { needsMismatched, referencePointOf, rewardOf } from "../losses/loss_config.ts";
import type { PairLogps, PairLosses } from "../losses/types.ts";
import { learningMetrics } from "../metrics/learning_metrics.ts";
import { measureSamples, type SampledMetrics } from "../metrics/measure_samples.ts";
import type { MetricValues } from "../metrics/metrics.ts";
import { bootstrapMetrics, selectionMetrics } from "../metrics/selection_metrics.ts";
import { monotonicClock } from "../progress/progress_sink.ts";
import { generate, type Response } from "../policy/generate.ts";
import type { LanguageModel } from "../policy/language_model.ts";
import type { Selection } from "../selection/select.ts";
import { keepOrder } from "../selection/keep_order.ts";
import { mismatchedGroups } from "../training/mismatched.ts";
import { configuredLoss, pairLogps } from "./pair_logps.ts";
import type { PreparedRun } from "./prepare_run.ts";
import type { Review } from "./review.ts";
import type { GeneratedPair, SeraIteration } from "./types.ts";

/** A policy's metrics, and its samples. */
export interface Measured {
  readonly metrics: MetricValues;
  readonly samples: SampledMetrics;
}

/** What an iteration did before its policy is measured. */
export interface IterationFacts {
  readonly iteration: number;
  readonly review: Pick<Review, "margins" | "scores">;
  readonly selection: Selection;
  readonly generated: readonly GeneratedPair[];
  /** The iteration before; undefined for the first. */
  readonly previous: Pick<SeraIteration, "margins" | "selected"> | undefined;
}

const NO_SAMPLES: SampledMetrics = { metrics: {}, lengths: [] };

/** The SFT model's samples, measured. */
export async function measureSft(run: PreparedRun): Promise<SampledMetrics> {
  const { evaluation, reference, clock } = run;
  if (evaluation === undefined) return NO_SAMPLES;
  return await clock.once("evaluation", "evaluation/sft", async () => {
    const responses = evaluation.sftSamples ?? await draw(run, reference, ["SFT evaluation"]);
    return await measured(run, reference, responses);
  });
}

/**
 * Measures pi_t, and what the iteration selected, generated and learnt: every metric but times.
 *
 * @param sft the SFT model's samples, which the policy's are compared with
 */
export async function measureIteration(
  run: PreparedRun,
  { iteration: t, review, selection, generated, previous }: IterationFacts,
  sft: SampledMetrics,
): Promise<Measured> {
  const { policy, pairs, store, evaluation, clock, config } = run;
  const { margins, scores } = review;
  const samples = evaluation === undefined
    ? NO_SAMPLES
    : await clock.once("evaluation", `evaluation/iteration-${t}`, async () => {
      const responses = await draw(run, policy, ["evaluation", t]);
      evaluation.onSamples?.(t, responses);
      return await measured(run, policy, responses, sft);
    });
  const gold = evaluation?.gold === undefined ? {} : { gold: evaluation.gold };
  await prepareGold(run, generated);
  const metrics = {
    ...samples.metrics,
    ...learningMetrics((await store.rows(t)).map((row) => row.loss), await heldOutLosses(run, t)),
    ...selectionMetrics({
      ...{ pairs, margins, selected: selection.indices, swapped: selection.swapped.length },
      order: margins && keepOrder(config.selection, margins, scores ?? undefined),
      // Iteration 1 ranks nothing: an overlap with it would say nothing.
      previous: previous?.margins == null ? null : previous.selected,
      ...gold,
    }),
    ...bootstrapMetrics(generated, gold.gold),
  };
  return { metrics, samples };
}

/** Makes the gold reward of own pairs ready, where that takes a model. */
async function prepareGold(
  { evaluation, clock }: PreparedRun,
  generated: readonly GeneratedPair[],
): Promise<void> {
  if (evaluation?.gold?.prepare === undefined) return;
  const started = monotonicClock();
  await evaluation.gold.prepare(generated.map(({ promptIds, chosenIds, rejectedIds }) => ({
    promptIds,
    completions: [chosenIds, rejectedIds],
  })));
  clock.charge("evaluation", monotonicClock() - started);
}

async function heldOutLosses(
  run: PreparedRun,
  iteration: number,
): Promise<(PairLogps & PairLosses) | undefined> {
  const { heldOut, config, policy, reference, scorer } = run;
  if (heldOut.length === 0) return undefined;
  const own = await scorer.pairs(`policy-${iteration}-held-out`, policy, heldOut, "evaluation");
  const sft = await scorer.pairs("sft-held-out", reference, heldOut, "evaluation");
  const point = needsMismatched(config.loss) ? await heldOutPoint(run, iteration) : undefined;
  const logps = pairLogps(heldOut, own, sft, point);
  return { ...logps, ...configuredLoss(config, logps) };
}

/** The reference point of all held-out pairs, taken as one batch; 0 where there is one pair. */
async function heldOutPoint(
  { heldOut, config, policy, reference, scorer }: PreparedRun,
  iteration: number,
): Promise<number> {
  if (heldOut.length < 2) return 0;
  const groups = mismatchedGroups(heldOut, policy.config.maxPositions);
  const under = async (name: string, model: LanguageModel) =>
    Float64Array.from((await scorer.groups(name, model, groups, "evaluation")).flat());
  return referencePointOf(
    config.loss,
    await under(`policy-${iteration}-held-out-mismatched`, policy),
    await under("sft-held-out-mismatched", reference),
  );
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
