import { type FailureWarning, failureWarnings } from "../metrics/failure_signatures.ts";
import type { StudyRecord } from "./record.ts";

/**
 * The failures that a run's metrics show, by the signatures as they are defined now: rows and tables
 * use these, and not the `warnings` that a record was written with.
 */
export function recordWarnings(
  { iterations, sft, samples }: Pick<StudyRecord, "iterations" | "sft" | "samples">,
): FailureWarning[] {
  const scored = iterations.some((metrics) => typeof metrics.gold === "number");
  const count = samples.lengths.flat().length || Infinity;
  return failureWarnings(iterations, sft, scored ? "gold" : null, count);
}
