import { messageOf, UserError } from "../errors.ts";
import { needsMismatched, needsWholeBatch, referencePointOf } from "../losses/loss_config.ts";
import type { LanguageModel } from "../policy/language_model.ts";
import type { PromptGroup } from "../policy/packing.ts";
import { sequenceLogps } from "../policy/sequence_logps.ts";
import { accuracyOf } from "../metrics/learning_metrics.ts";
import { mean } from "../metrics/mean.ts";
import { monotonicClock, type ProgressSink } from "../progress/progress_sink.ts";
import { createPrng } from "../random/prng.ts";
import type { AdamW } from "../training/adamw.ts";
import { batchSchedule } from "../training/batch_schedule.ts";
import { configuredLoss, pairLogps } from "./pair_logps.ts";
import { mismatchedGroups } from "../training/mismatched.ts";
import type { ResolvedConfig } from "./config.ts";
import { optimiserSteps } from "./optimiser_steps.ts";
import type { SeraStore, StepRow } from "./store.ts";
import { groupOf, type TrainingPair, updateStep } from "../training/update.ts";

/** Log-probabilities of groups under what the loss measures against, nats. */
export type ReferenceScorer = (
  groups: readonly PromptGroup[],
) => Promise<readonly ArrayLike<number>[]>;

/**
 * The update of one iteration: `config.steps` optimiser steps on the given pairs.
 *
 * Goes on from the store's last checkpoint of this iteration.
 * @throws UserError if the loss needs mismatched pairs and a batch holds one pair, or if the loss or
 * the gradient stops being finite; the last good state is kept
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
    /** Asked once, for losses that need mismatched pairs: their reference. */
    readonly reference?: ReferenceScorer;
  },
): Promise<void> {
  const { seed, phase = "update", reference, ...rest } = run;
  const { iteration } = rest;
  const batches = batchSchedule(pairs.length, config.steps, config.batch, seed, iteration);
  const dropout = policy.loraConfig !== undefined && policy.loraConfig.dropout > 0;
  const mismatched = await mismatchedBatches(policy, pairs, batches, config, reference);
  await optimiserSteps(policy, config, { ...rest, phase }, (optimiser, step, learningRate) => {
    const batch = (batches[step] as number[]).map((i) => pairs[i] as TrainingPair);
    return oneStep(policy, optimiser, batch, config, {
      ...{ iteration, step: step + 1, learningRate },
      ...(mismatched === undefined ? {} : { mismatched: mismatched[step] as MismatchedBatch }),
      ...(dropout ? { dropoutSeed: createPrng(seed, "dropout", iteration, step).seed32() } : {}),
    });
  });
}

/** The mismatched prompts and completions of one batch, and their reference, nats. */
interface MismatchedBatch {
  readonly groups: readonly PromptGroup[];
  readonly referenceLogps: Float64Array;
}

/** Those of every step, where the loss needs them: the reference does not change with the policy. */
async function mismatchedBatches(
  policy: LanguageModel,
  pairs: readonly TrainingPair[],
  batches: readonly (readonly number[])[],
  { loss }: ResolvedConfig,
  reference: ReferenceScorer | undefined,
): Promise<MismatchedBatch[] | undefined> {
  if (!needsMismatched(loss)) return undefined;
  if (reference === undefined) throw new RangeError(`the update of ${loss.name} needs a reference`);
  const groups = batches.map((batch) =>
    mismatchedGroups(batch.map((i) => pairs[i] as TrainingPair), policy.config.maxPositions)
  );
  const logps = await reference(groups.flat());
  let at = 0;
  return groups.map((members) => ({
    groups: members,
    referenceLogps: flatten(logps.slice(at, at += members.length)),
  }));
}

function flatten(logps: readonly ArrayLike<number>[]): Float64Array {
  return Float64Array.from(logps.flatMap((values) => Array.from(values)));
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
    readonly mismatched?: MismatchedBatch;
  },
): Promise<StepRow> {
  const start = monotonicClock();
  const losses: number[] = [], margins: number[] = [];
  const chosen: number[] = [], rejected: number[] = [];
  const { iteration, step, learningRate, dropoutSeed, mismatched } = at;
  const fail = (what: string) =>
    new UserError(
      `iteration ${iteration}, step ${step}: ${what}; ` +
        "the last good state is kept: lower the learning rate or the largest gradient norm",
    );
  // Of the whole batch and without dropout, however many passes the step takes.
  const referencePoint = mismatched && referencePointOf(
    config.loss,
    flatten(await sequenceLogps(policy, mismatched.groups, { maxRows: config.maxRows })),
    mismatched.referenceLogps,
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
    const result = configuredLoss(config, {
      ...pairLogps(members, policyLogps, reference, referencePoint),
      progress: (step - 1) / config.steps,
    });
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
