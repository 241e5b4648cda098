import { breathe } from "../engine/breathe.ts";
import { UserError } from "../errors.ts";
import type { LanguageModel } from "../policy/language_model.ts";
import { type ProgressSink, silentProgress } from "../progress/progress_sink.ts";
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

/**
 * Supervised fine-tuning in place: mean negative log-likelihood a completion token.
 * @returns the loss of every step, nats a token
 * @throws UserError if the loss or the gradient stops being finite
 */
export async function trainSupervised(
  model: LanguageModel,
  examples: readonly SupervisedExample[],
  config: SupervisedConfig,
  seed: number,
  progress: ProgressSink = silentProgress,
): Promise<number[]> {
  const optimiser = new AdamW(model, config.optimiser);
  const losses: number[] = [];
  progress.phase("supervised fine-tuning", config.steps, { unit: "step" });
  try {
    for (
      const [step, indices] of batchSchedule(examples.length, config.steps, config.batch, seed, 0)
        .entries()
    ) {
      const batch = indices.map((i) => examples[i] as SupervisedExample);
      const tokens = batch.reduce((sum, example) => sum + example.completionIds.length, 0);
      let loss = 0;
      const norm = await updateStep(
        model,
        optimiser,
        batch.map(({ promptIds, completionIds }) => ({ promptIds, completions: [completionIds] })),
        learningRateAt(config.schedule, step),
        (logps) => {
          loss -= logps.reduce((a, b) => a + b, 0) / tokens;
          return logps.map(() => -1 / tokens);
        },
        { maxRows: config.maxRows },
      );
      if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
        throw new UserError(
          `supervised step ${step + 1}: the loss is ${loss}, the gradient norm ${norm}; ` +
            "lower the learning rate",
        );
      }
      losses.push(loss);
      progress.advance(1, { loss });
      await breathe();
    }
  } finally {
    optimiser.dispose();
  }
  progress.done();
  return losses;
}
