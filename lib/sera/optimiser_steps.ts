import { breathe } from "../engine/breathe.ts";
import type { LanguageModel } from "../policy/language_model.ts";
import type { ProgressSink } from "../progress/progress_sink.ts";
import { shareOf } from "../round_share.ts";
import { AdamW, DEFAULT_ADAMW } from "../training/adamw.ts";
import { learningRateAt } from "../training/schedule.ts";
import type { ResolvedConfig } from "./config.ts";
import type { SeraStore, StepRow } from "./store.ts";

/** Where steps are kept, and who watches. */
export interface StepsRun {
  /** Names the steps in the store. */
  readonly iteration: number;
  readonly store: SeraStore;
  readonly progress: ProgressSink;
  /** What progress calls it. */
  readonly phase: string;
}

/**
 * `config.steps` steps of AdamW on a model, with the config's schedule, decay and clipping: what an
 * iteration's update and a reward model's training are. Goes on from the store's last checkpoint.
 *
 * @param oneStep does one, counted from 0, and tells what it did; what it throws ends the training
 */
export async function optimiserSteps(
  model: LanguageModel,
  { steps, schedule, learningRate, warmup, weightDecay, maxGradNorm }: ResolvedConfig,
  { iteration, store, progress, phase }: StepsRun,
  oneStep: (optimiser: AdamW, step: number, learningRate: number) => Promise<StepRow>,
): Promise<void> {
  const warmupSteps = Math.floor(shareOf(warmup, steps));
  const rates = { name: schedule, peak: learningRate, warmupSteps, totalSteps: steps };
  const optimiser = new AdamW(model, { ...DEFAULT_ADAMW, weightDecay, maxGradNorm });
  try {
    const saved = await store.resume(iteration);
    if (saved !== undefined) {
      model.restore(saved.policy);
      optimiser.restore({ step: saved.step, moments: saved.moments });
    }
    const first = saved?.step ?? 0;
    if (first > 0) {
      progress.message(`${phase} of iteration ${iteration}: continuing after step ${first}`);
    }
    progress.phase(phase, steps, { unit: "step", done: first });
    for (let step = first; step < steps; step++) {
      const row = await oneStep(optimiser, step, learningRateAt(rates, step));
      await store.afterStep(row, async () => ({
        iteration,
        step: step + 1,
        policy: await model.snapshot(),
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
