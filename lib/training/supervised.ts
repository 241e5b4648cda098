import { breathe } from "../engine/breathe.ts";
import { UserError } from "../errors.ts";
import { createPrng } from "../random/prng.ts";
import type { LanguageModel, Snapshot } from "../policy/language_model.ts";
import { monotonicClock, type ProgressSink, silentProgress } from "../progress/progress_sink.ts";
import { AdamW, type AdamWConfig } from "./adamw.ts";
import { learningRateAt, type Schedule } from "./schedule.ts";
import { batchSchedule } from "./batch_schedule.ts";
import { updateStep } from "./update.ts";

/** A prompt and the completion to imitate. */
export interface SupervisedExample {
  readonly promptIds: Int32Array;
  readonly completionIds: Int32Array;
}

/** Settings of supervised fine-tuning. */
export interface SupervisedConfig {
  readonly schedule: Schedule;
  readonly steps: number;
  /** Examples a step. */
  readonly batch: number;
  readonly optimiser: AdamWConfig;
  readonly maxRows: number;
}

/** What one step did, before its update. */
export interface SupervisedStep {
  /** From 1. */
  readonly step: number;
  /** Nats a completion token, over the batch. */
  readonly loss: number;
  /** Completion tokens of the batch. */
  readonly tokens: number;
  readonly learningRate: number;
  /** L2 norm of the gradient before clipping. */
  readonly gradientNorm: number;
  /** Time of the step: the only figure that does not repeat. */
  readonly seconds: number;
}

/** Training under way, complete enough to go on with. */
export interface SupervisedState {
  /** Steps done. */
  readonly step: number;
  /** Trainable tensors. */
  readonly policy: Snapshot;
  /** AdamW's first and second moments. */
  readonly moments: Snapshot;
}

/** Where training keeps what a killed run goes on from. */
export interface SupervisedStore {
  /** The last state kept, with the rows of its steps; rows logged after it are dropped. */
  resume():
    | { readonly state: SupervisedState; readonly rows: readonly SupervisedStep[] }
    | undefined;
  /** Called after every step; `state` is only made if the store wants a checkpoint now. */
  afterStep(row: SupervisedStep, state: () => Promise<SupervisedState>): Promise<void>;
}

/**
 * Supervised fine-tuning in place: mean negative log-likelihood a completion token.
 * @param store goes on from what it kept; undefined: nothing is kept
 * @returns the loss of every step, nats a token
 * @throws UserError if the loss or the gradient stops being finite
 */
export async function trainSupervised(
  model: LanguageModel,
  examples: readonly SupervisedExample[],
  config: SupervisedConfig,
  seed: number,
  progress: ProgressSink = silentProgress,
  store?: SupervisedStore,
): Promise<number[]> {
  const optimiser = new AdamW(model, config.optimiser);
  const losses: number[] = [];
  const dropout = model.loraConfig !== undefined && model.loraConfig.dropout > 0;
  try {
    const kept = store?.resume();
    if (kept !== undefined) {
      model.restore(kept.state.policy);
      optimiser.restore(kept.state);
      losses.push(...kept.rows.map(({ loss }) => loss));
    }
    const first = kept?.state.step ?? 0;
    if (first > 0) progress.message(`supervised fine-tuning: continuing after step ${first}`);
    progress.phase("supervised fine-tuning", config.steps, { unit: "step", done: first });
    const batches = batchSchedule(examples.length, config.steps, config.batch, seed, 0);
    for (let step = first; step < config.steps; step++) {
      const start = monotonicClock();
      const indices = batches[step] as number[];
      const learningRate = learningRateAt(config.schedule, step);
      const batch = indices.map((i) => examples[i] as SupervisedExample);
      const tokens = batch.reduce((sum, example) => sum + example.completionIds.length, 0);
      let loss = 0;
      const norm = await updateStep(
        model,
        optimiser,
        batch.map(({ promptIds, completionIds }) => ({ promptIds, completions: [completionIds] })),
        learningRate,
        (logps) => {
          loss -= logps.reduce((a, b) => a + b, 0) / tokens;
          return logps.map(() => -1 / tokens);
        },
        {
          maxRows: config.maxRows,
          ...(dropout && { dropoutSeed: createPrng(seed, "dropout", 0, step).seed32() }),
        },
      );
      if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
        throw new UserError(
          `supervised step ${step + 1}: the loss is ${loss}, the gradient norm ${norm}; ` +
            "lower the learning rate",
        );
      }
      losses.push(loss);
      const seconds = monotonicClock() - start;
      await store?.afterStep(
        { step: step + 1, loss, tokens, learningRate, gradientNorm: norm, seconds },
        async () => ({
          step: step + 1,
          policy: await model.snapshot(),
          moments: (await optimiser.snapshot()).moments,
        }),
      );
      progress.advance(1, { loss });
      await breathe();
    }
  } finally {
    optimiser.dispose();
  }
  progress.done();
  return losses;
}
