import {
  type FailureWarning,
  failureWarnings,
  type IterationHealth,
} from "../evaluation/failure_signatures.ts";
import type { MetricValues } from "./study_metrics.ts";
import type { StudyRecord } from "./study_record.ts";

/**
 * The failures that a run's metrics show, by the signatures as they are defined now: rows and tables
 * use these, and not the `warnings` that a record was written with.
 */
export function studyWarnings(
  { iterations, sft }: Pick<StudyRecord, "iterations" | "sft">,
): FailureWarning[] {
  return failureWarnings(iterations.map(healthOf), {
    distinct2: sft.distinct2 ?? NaN,
    truncationRate: sft.truncationRate ?? 0,
    score: "gold",
  });
}

function healthOf(metrics: MetricValues): IterationHealth {
  const value = (name: keyof IterationHealth) => metrics[name] ?? NaN;
  return {
    gold: value("gold"),
    distinct2: value("distinct2"),
    repetitionRate: value("repetitionRate"),
    truncationRate: value("truncationRate"),
    marginP90: value("marginP90"),
    trainLoss: value("trainLoss"),
    heldOutLoss: value("heldOutLoss"),
  };
}
