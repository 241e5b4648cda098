import type { PlannedCell } from "../study/plan.ts";
import type { StudyRecord } from "../study/record.ts";

/**
 * Expected seconds of some runs on `jobs` processes, from what recorded runs of the same environment
 * took: those with the same settings and numbers of steps and iterations where there are any, else
 * all. undefined where no run of the environment is recorded.
 */
export function estimateSeconds(
  runs: readonly PlannedCell[],
  records: Iterable<StudyRecord>,
  jobs: number,
): number | undefined {
  const known = [...records];
  const like = Map.groupBy(known, sizeOf);
  const environments = Map.groupBy(known, ({ config }) => config.environment);
  let total = 0;
  for (const run of runs) {
    const similar = like.get(sizeOf(run)) ?? environments.get(run.config.environment);
    if (similar === undefined) return undefined;
    total += similar.reduce((sum, each) => sum + each.volatile.seconds, 0) / similar.length;
  }
  return total / Math.max(1, Math.min(jobs, runs.length));
}

function sizeOf({ config: { environment, setting, sera } }: Pick<StudyRecord, "config">): string {
  const { iterations, steps, bootstrap, crossFit, rewardModel } = sera;
  return JSON.stringify([
    ...[environment, setting, iterations, steps, bootstrap?.share, crossFit],
    rewardModel && [rewardModel.steps],
  ]);
}
