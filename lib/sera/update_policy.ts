import { UserError } from "../errors.ts";
import type { TrainingPair } from "../training/update.ts";
import type { PreparedRun } from "./prepare_run.ts";
import { trainIteration } from "./train_iteration.ts";

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
    await trainIteration(policy, training, config, { iteration, seed, store, progress });
    await store.savePolicy(iteration, await policy.snapshot());
  }
  const rows = await store.rows(iteration);
  clock.charge("update", rows.reduce((sum, row) => sum + row.seconds, 0));
}
