import { UserError } from "../errors.ts";
import type { TrainingPair } from "../training/update.ts";
import type { PreparedRun } from "./prepare_run.ts";
import { type ReferenceScorer, trainIteration } from "./train_iteration.ts";

/**
 * Makes `run.policy` pi_t: by the iteration's optimiser steps, or as the store has it already.
 *
 * @throws {UserError} where there is no pair, or the loss or gradient stops being finite
 */
export async function update(
  run: PreparedRun,
  training: readonly TrainingPair[],
  iteration: number,
): Promise<void> {
  const { policy, config, sft, store, clock, seed, progress } = run;
  if (training.length === 0) {
    throw new UserError(
      `iteration ${iteration}: no pair is left to train on; ` +
        "let the selection keep more, or bootstrap",
    );
  }
  const ended = await store.policy(iteration);
  if (ended !== undefined) policy.restore(ended);
  else {
    if (config.initial === "sft") policy.restore(sft);
    await trainIteration(policy, training, config, {
      ...{ iteration, seed, store, progress },
      reference: lossReference(run, iteration),
    });
    await store.savePolicy(iteration, await policy.snapshot());
  }
  const rows = await store.rows(iteration);
  clock.charge("update", rows.reduce((sum, row) => sum + row.seconds, 0));
}

/** Scores under what the loss of iteration t measures against: the SFT model, or pi_{t-1}. */
function lossReference(
  { policy, reference, config, store, scorer }: PreparedRun,
  iteration: number,
): ReferenceScorer {
  const name = `reference-mismatched-${iteration}`;
  return async (groups) => {
    if (config.reference === "sft" || iteration === 1) {
      return await scorer.groups(name, reference, groups, "update");
    }
    const previous = await store.policy(iteration - 1);
    if (previous === undefined) {
      throw new UserError(`the policy of iteration ${iteration - 1} is gone: run it again`);
    }
    const current = await policy.snapshot();
    policy.restore(previous);
    const logps = await scorer.groups(name, policy, groups, "update");
    policy.restore(current);
    return logps;
  };
}
