/** Repeats a reference trajectory with the suite's own training loop. */
import type { TokenizedPair } from "../../lib/data/preference.ts";
import type { LanguageModel } from "../../lib/policy/language_model.ts";
import { sequenceLogps } from "../../lib/policy/sequence_logps.ts";
import { silentProgress } from "../../lib/progress/progress_sink.ts";
import { bySide } from "../../lib/sera/pair_logps.ts";
import { seraConfig, type SeraOptions } from "../../lib/sera/config.ts";
import type { ResolvedConfig } from "../../lib/sera/config.ts";
import { MemoryStore, type StepRow } from "../../lib/sera/store.ts";
import { trainIteration } from "../../lib/sera/train_iteration.ts";
import { batchSchedule } from "../../lib/training/batch_schedule.ts";
import { groupOf, type TrainingPair } from "../../lib/training/update.ts";
import { assertAllClose, assertClose } from "./assert_close.ts";
import type { ReferenceStep, ReferenceTrajectory } from "./references.ts";

/** What all trajectories share: DPO with beta 0.1 on batches of 8, at a constant learning rate. */
const SHARED: SeraOptions = {
  loss: { name: "dpo", beta: 0.1 },
  iterations: 1,
  batch: 8,
  schedule: "constant",
  warmup: 0,
  weightDecay: 0.01,
  maxGradNorm: 1,
  bootstrap: null,
};

/** The config of a trajectory, by what it names itself; README.md says more. */
export function trajectoryConfig(
  settings: SeraOptions & { readonly steps: number; readonly learningRate: number },
): ResolvedConfig {
  const { steps, learningRate } = settings;
  return { ...seraConfig(SHARED, settings), steps, learningRate };
}

/** The pairs with the model's log-probabilities as the reference's. */
export async function withReference(
  model: LanguageModel,
  pairs: readonly TokenizedPair[],
): Promise<TrainingPair[]> {
  const { chosen, rejected } = bySide(await sequenceLogps(model, pairs.map(groupOf)));
  return pairs.map((pair, i) => ({
    ...pair,
    referenceChosenLogp: chosen[i]!,
    referenceRejectedLogp: rejected[i]!,
  }));
}

/** Trains on batches of `pairs` in their order and returns what each step saw. */
export async function takeSteps(
  model: LanguageModel,
  pairs: readonly TrainingPair[],
  config: ResolvedConfig,
): Promise<StepRow[]> {
  const [seed, iteration] = [0, 1];
  const { steps, batch } = config;
  // The loop shuffles: lay the pairs so that its first epoch meets them in order.
  const order = batchSchedule(pairs.length, steps, batch, seed, iteration).flat();
  const laid = [...pairs];
  order.slice(0, pairs.length).forEach((position, i) => laid[position] = pairs[i]!);
  const store = new MemoryStore();
  await trainIteration(model, laid, config, { iteration, seed, store, progress: silentProgress });
  return await store.rows(iteration);
}

/** Loss within 1e-4, gradient norm within 1e-3 relative, log-probabilities within 1e-4 relative. */
export function assertSteps(
  own: readonly StepRow[],
  reference: readonly ReferenceStep[],
): void {
  assertClose(own.length, reference.length, 0, "steps");
  for (const [t, expected] of reference.entries()) {
    const step = own[t]!;
    const at = (name: string) => `step ${t + 1}, ${name}`;
    assertClose(step.learningRate / expected.learningRate, 1, 1e-7, at("learning rate"));
    assertClose(step.loss, expected.loss, 1e-4, at("loss"));
    const relative = step.gradientNorm / expected.gradientNorm;
    assertClose(relative, 1, 1e-3, at(`gradient norm over ${expected.gradientNorm}`));
    assertClose(step.margin, expected.margin, 1e-4, at("margin"));
    assertClose(step.chosenLogp, expected.chosenLogp, 1e-4, at("chosen log-probability"));
    assertClose(step.rejectedLogp, expected.rejectedLogp, 1e-4, at("rejected log-probability"));
  }
}

/** Log-probabilities of `pairs` after training, against the reference's. */
export async function assertFinal(
  model: LanguageModel,
  pairs: readonly TokenizedPair[],
  { chosenLogps, rejectedLogps }: ReferenceTrajectory["final"],
  absolute = 0,
): Promise<void> {
  const { chosen, rejected } = bySide(await sequenceLogps(model, pairs.map(groupOf)));
  assertAllClose(chosen, chosenLogps, 1e-4, "chosen log-probability afterwards", absolute);
  assertAllClose(rejected, rejectedLogps, 1e-4, "rejected log-probability afterwards", absolute);
}
