/** Log-probabilities of both completions of every pair. */
import { sequenceLogps } from "../../../lib/policy/sequence_logps.ts";
import { groupOf } from "../../../lib/training/update.ts";
import type { Inputs } from "../protocol.ts";
import { loadModels, MAX_ROWS, type Task, timed, tokenized } from "./task.ts";

/** Scores all pairs in each run. */
export async function createScoring(inputs: Inputs): Promise<Task> {
  const { policy } = await loadModels(inputs);
  const groups = inputs.pairs.map(tokenized).map(groupOf);
  return {
    check: () => Promise.resolve([]),
    async run() {
      let values: number[] = [];
      const seconds = await timed(async () => {
        const logps = await sequenceLogps(policy, groups, { maxRows: MAX_ROWS });
        values = logps.flatMap((pair) => [...pair]);
      });
      return { seconds, values };
    },
  };
}
