import type { TokenizedPair } from "../data/preference.ts";
import { UserError } from "../errors.ts";
import { accuracyOf } from "../metrics/learning_metrics.ts";
import { mean } from "../metrics/mean.ts";
import type { LanguageModel } from "../policy/language_model.ts";
import { monotonicClock, type ProgressSink } from "../progress/progress_sink.ts";
import { createPrng } from "../random/prng.ts";
import { batchSchedule } from "../training/batch_schedule.ts";
import type { ResolvedConfig } from "./config.ts";
import { rewardStep } from "./reward_step.ts";
import { optimiserSteps } from "./optimiser_steps.ts";
import type { SeraStore } from "./store.ts";

/** Where the store keeps its steps: a reward model has one update. */
export const REWARD_ITERATION = 1;

/**
 * Makes `model` a reward model: Bradley-Terry on the labels as they are, wrong ones too, with batch,
 * schedule, decay and clipping as the policy's. Goes on from the store's last checkpoint.
 *
 * Rows in the store hold log p(A) (see `rewardGroup`) where a policy's hold log-probabilities.
 *
 * @param config `steps` and `learningRate` are the reward model's
 * @throws {UserError} if the loss or the gradient stops being finite; the last good state is kept
 */
export async function trainRewardModel(
  model: LanguageModel,
  pairs: readonly TokenizedPair[],
  config: ResolvedConfig,
  run: { readonly seed: number; readonly store: SeraStore; readonly progress: ProgressSink },
): Promise<void> {
  const { seed, ...rest } = run;
  const batches = batchSchedule(pairs.length, config.steps, config.batch, seed, REWARD_ITERATION);
  const dropout = (model.loraConfig?.dropout ?? 0) > 0;
  const place = { ...rest, iteration: REWARD_ITERATION, phase: "train reward model" };
  await optimiserSteps(model, config, place, async (optimiser, step, learningRate) => {
    const start = monotonicClock();
    const batch = (batches[step] as number[]).map((i) => pairs[i] as TokenizedPair);
    const done = await rewardStep(model, optimiser, batch, learningRate, {
      maxRows: config.maxRows,
      ...(dropout ? { dropoutSeed: createPrng(seed, "dropout", step).seed32() } : {}),
    });
    const loss = mean(done.losses);
    if (!Number.isFinite(loss) || !Number.isFinite(done.gradientNorm)) {
      throw new UserError(
        `reward model, step ${step + 1}: the loss is ${loss}, the gradient norm ` +
          `${done.gradientNorm}; the last good state is kept: lower rewardModel.learningRate`,
      );
    }
    return {
      ...{ iteration: REWARD_ITERATION, step: step + 1, loss, margin: mean(done.margins) },
      accuracy: accuracyOf(done.margins),
      chosenLogp: mean(done.chosenLogps),
      rejectedLogp: mean(done.rejectedLogps),
      ...{ learningRate, gradientNorm: done.gradientNorm, seconds: monotonicClock() - start },
    };
  });
}
