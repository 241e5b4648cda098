import { type FailureWarning, failureWarnings } from "../metrics/failure_signatures.ts";
import type { StudyRecord } from "./record.ts";

/** Whether shares of few samples have a sampling error: see `Study`. */
export interface WithSamplingError {
  readonly samplingError?: boolean;
}

/**
 * The failures that a run's metrics show, by the signatures as they are defined now: rows and tables
 * use these, and not the `warnings` that a record was written with.
 *
 * @param study whether its shares have a sampling error
 */
export function recordWarnings(
  { iterations, sft, samples }: Pick<StudyRecord, "iterations" | "sft" | "samples">,
  { samplingError = true }: WithSamplingError = {},
): FailureWarning[] {
  const scored = iterations.some((metrics) => typeof metrics.gold === "number");
  const count = samplingError ? samples.lengths.flat().length || Infinity : Infinity;
  return failureWarnings(iterations, sft, scored ? "gold" : null, count);
}
