import type { StudyRecord } from "../../lib/results/study_record.ts";
import type { RunSpec } from "../studies/run_config.ts";
import { sftKey } from "../studies/run_config.ts";

/**
 * Work of a run in arbitrary units: sequences trained on, scored, sampled and evaluated, times the
 * multiplications of one token.
 */
function work({ method, data, evaluation, world, sft }: RunSpec): number {
  const tokens = 3 * world.clauses;
  // Cross-fitting updates a policy a fold, too, in every iteration but the last.
  const policies = 1 + (method.crossFit ?? 0) * (1 - 1 / method.iterations);
  const trained = 3 * 2 * method.batchPairs * method.stepsPerIteration * policies;
  const scored = 2 * data.pairs;
  const { onPolicy } = method;
  const sampled = onPolicy === null
    ? 0
    : onPolicy.share * data.pairs * onPolicy.promptFactor * onPolicy.responses;
  const evaluated = world.heldOutPrompts * evaluation.samplesPerPrompt;
  const weights = sft.layers *
    (4 * sft.hiddenSize ** 2 + 3 * sft.hiddenSize * sft.intermediateSize);
  return method.iterations * (trained + scored + 4 * sampled + 4 * evaluated) * tokens *
    (weights + 20_000);
}

/** Seconds a unit of work on the machine where the settings were frozen (one core of an EPYC). */
const SECONDS_PER_WORK = 1e-10;
const SECONDS_PER_SFT_WORK = 7e-11;

/** Expected seconds of some runs on `jobs` processes, from records of others where there are any. */
export function estimateSeconds(
  specs: readonly RunSpec[],
  records: Iterable<StudyRecord>,
  jobs: number,
): number {
  let seconds = 0;
  let known = 0;
  for (const record of records) {
    seconds += record.volatile.seconds;
    known += work(record.spec as unknown as RunSpec);
  }
  const rate = known > 0 ? seconds / known : SECONDS_PER_WORK;
  const runs = specs.reduce((sum, spec) => sum + work(spec) * rate, 0);
  const models = new Map(specs.map((spec) => [sftKey(spec), spec]));
  const training = [...models.values()].reduce((sum, { sft, world }) => {
    const weights = sft.layers *
      (4 * sft.hiddenSize ** 2 + 3 * sft.hiddenSize * sft.intermediateSize);
    return sum + 3 * sft.steps * sft.batch * 3 * world.clauses * (weights + 20_000) *
        SECONDS_PER_SFT_WORK;
  }, 0);
  return (runs + training) / Math.max(1, jobs);
}
