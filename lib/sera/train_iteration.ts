import { breathe } from "../engine/breathe.ts";
import { messageOf, UserError } from "../errors.ts";
import { needsWholeBatch } from "../losses/loss_config.ts";
import type { LanguageModel } from "../policy/language_model.ts";
import { accuracyOf } from "../metrics/learning_metrics.ts";
import { mean } from "../metrics/mean.ts";
import { monotonicClock, type ProgressSink } from "../progress/progress_sink.ts";
import { createPrng } from "../random/prng.ts";
import { shareOf } from "../round_share.ts";
import { AdamW, DEFAULT_ADAMW } from "../training/adamw.ts";
import { batchSchedule } from "../training/batch_schedule.ts";
import { configuredLoss, pairLogps } from "./pair_logps.ts";
import { learningRateAt } from "../training/schedule.ts";
import type { ResolvedConfig } from "./config.ts";
import type { SeraStore, StepRow } from "./store.ts";
import { groupOf, type TrainingPair, updateStep } from "../training/update.ts";

/**
 * The update of one iteration: `config.steps` optimiser steps on the given pairs.
 *
 * Goes on from the store's last checkpoint of this iteration.
 * @throws UserError if the loss or the gradient stops being finite; the last good state is kept
 */
export async function trainIteration(
  policy: LanguageModel,
  pairs: readonly TrainingPair[],
  config: ResolvedConfig,
  run: {
    readonly iteration: number;
    readonly seed: number;
    readonly store: SeraStore;
    readonly progress: ProgressSink;
    /** What progress calls it. Default: "update". */
    readonly phase?: string;
  },
): Promise<void> {
  const { iteration, seed, store, progress, phase = "update" } = run;
  const { steps, weightDecay, maxGradNorm } = config;
  const batches = batchSchedule(pairs.length, steps, config.batch, seed, iteration);
  const optimiser = new AdamW(policy, { ...DEFAULT_ADAMW, weightDecay, maxGradNorm });
  const warmupSteps = Math.floor(shareOf(config.warmup, steps));
  const dropout = policy.loraConfig !== undefined && policy.loraConfig.dropout > 0;
  try {
    const saved = await store.resume(iteration);
    if (saved !== undefined) {
      policy.restore(saved.policy);
      optimiser.restore({ step: saved.step, moments: saved.moments });
    }
    const first = saved?.step ?? 0;
    progress.phase(phase, steps, { unit: "step", done: first });
    for (let step = first; step < steps; step++) {
      const batch = (batches[step] as number[]).map((i) => pairs[i] as TrainingPair);
      const learningRate = learningRateAt({
        name: config.schedule,
        peak: config.learningRate,
        warmupSteps,
        totalSteps: steps,
      }, step);
      const row = await oneStep(policy, optimiser, batch, config, {
        iteration,
        step: step + 1,
        learningRate,
        ...(dropout ? { dropoutSeed: createPrng(seed, "dropout", iteration, step).seed32() } : {}),
      });
      await store.afterStep(row, async () => ({
        iteration,
        step: step + 1,
        policy: await policy.snapshot(),
        moments: (await optimiser.snapshot()).moments,
      }));
      progress.advance(1, { loss: row.loss, margin: row.margin });
      await breathe();
    }
    progress.done();
  } finally {
    optimiser.dispose();
  }
}

async function oneStep(
  policy: LanguageModel,
  optimiser: AdamW,
  batch: readonly TrainingPair[],
  config: ResolvedConfig,
  at: {
    readonly iteration: number;
    readonly step: number;
    readonly learningRate: number;
    readonly dropoutSeed?: number;
  },
): Promise<StepRow> {
  const start = monotonicClock();
  const losses: number[] = [], margins: number[] = [];
  const chosen: number[] = [], rejected: number[] = [];
  const { iteration, step, learningRate, dropoutSeed } = at;
  const fail = (what: string) =>
    new UserError(
      `iteration ${iteration}, step ${step}: ${what}; ` +
        "the last good state is kept: lower the learning rate or the largest gradient norm",
    );
  const upstream = (logps: Float64Array, first: number, end: number): Float64Array => {
    const members = batch.slice(first, end);
    const policyLogps = {
      chosen: logps.filter((_, i) => i % 2 === 0),
      rejected: logps.filter((_, i) => i % 2 === 1),
    };
    const reference = {
      chosen: Float64Array.from(members, (pair) => pair.referenceChosenLogp),
      rejected: Float64Array.from(members, (pair) => pair.referenceRejectedLogp),
    };
    const result = configuredLoss(config, pairLogps(members, policyLogps, reference));
    losses.push(...result.losses);
    margins.push(...result.margins);
    chosen.push(...policyLogps.chosen);
    rejected.push(...policyLogps.rejected);
    return logps.map((_, i) =>
      ((i % 2 === 0 ? result.chosenGrads : result.rejectedGrads)[i >> 1] as number) / batch.length
    );
  };
  let gradientNorm: number;
  try {
    gradientNorm = await updateStep(policy, optimiser, batch.map(groupOf), learningRate, upstream, {
      // A loss that couples the batch must see it whole.
      maxRows: needsWholeBatch(config.loss) ? Infinity : config.maxRows,
      ...(dropoutSeed === undefined ? {} : { dropoutSeed }),
    });
  } catch (error) {
    throw error instanceof UserError ? fail(messageOf(error)) : error;
  }
  const loss = mean(losses);
  if (!Number.isFinite(loss)) throw fail(`the loss is ${loss}`);
  if (!Number.isFinite(gradientNorm)) throw fail(`the gradient norm is ${gradientNorm}`);
  return {
    iteration,
    step,
    loss,
    margin: mean(margins),
    accuracy: accuracyOf(margins),
    chosenLogp: mean(chosen),
    rejectedLogp: mean(rejected),
    learningRate,
    gradientNorm,
    seconds: monotonicClock() - start,
  };
}
