/** One DPO step: forward, backward, clipping, AdamW. */
import { pairLoss } from "../../../lib/losses/pair_loss.ts";
import { mean } from "../../../lib/metrics/mean.ts";
import type { LanguageModel } from "../../../lib/policy/language_model.ts";
import { AdamW, DEFAULT_ADAMW } from "../../../lib/training/adamw.ts";
import { bySide, pairLogps } from "../../../lib/sera/pair_logps.ts";
import { groupOf, type TrainingPair, updateStep } from "../../../lib/training/update.ts";
import type { Inputs } from "../protocol.ts";
import { loadModels, MAX_ROWS, type Task, timed, withReference } from "./task.ts";

/** One update on the pairs; returns the mean loss before it. */
export async function dpoStep(
  policy: LanguageModel,
  optimiser: AdamW,
  pairs: readonly TrainingPair[],
  { beta, work }: Inputs,
): Promise<number> {
  const losses: number[] = [];
  await updateStep(
    policy,
    optimiser,
    pairs.map(groupOf),
    work.learningRate,
    (logps, first, end) => {
      const members = pairs.slice(first, end);
      const policyLogps = bySide(members.map((_, i) => logps.subarray(2 * i, 2 * i + 2)));
      const reference = bySide(
        members.map((pair) => [pair.referenceChosenLogp, pair.referenceRejectedLogp]),
      );
      const result = pairLoss({ name: "dpo", beta }, pairLogps(members, policyLogps, reference));
      losses.push(...result.losses);
      return logps.map((_, i) =>
        ((i % 2 === 0 ? result.chosenGrads : result.rejectedGrads)[i >> 1] as number) / pairs.length
      );
    },
    { maxRows: MAX_ROWS },
  );
  return mean(losses);
}

/** Steps on the same batch; each run's values are their losses: both sides' trajectories compare. */
export async function createStep(inputs: Inputs): Promise<Task> {
  const { policy, base } = await loadModels(inputs);
  const pairs = await withReference(inputs, base);
  const optimiser = new AdamW(policy, DEFAULT_ADAMW);
  return {
    check: () => Promise.resolve(pairs.map((pair) => pair.referenceChosenLogp)),
    async run() {
      const { steps = 1 } = inputs.work;
      const values: number[] = [];
      const seconds = await timed(async () => {
        for (let i = 0; i < steps; i++) {
          values.push(await dpoStep(policy, optimiser, pairs, inputs));
        }
      });
      return { seconds: seconds / steps, values };
    },
  };
}
