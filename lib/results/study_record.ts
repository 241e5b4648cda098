import type { FailureWarning } from "../evaluation/failure_signatures.ts";
import { UserError } from "../errors.ts";
import type { JsonObject } from "./canonical_json.ts";
import type { MetricValues } from "./study_metrics.ts";

/** One finished run of a study. Everything but `volatile` follows from `spec`. */
export interface StudyRecord {
  /** SHA-256 of `spec`. */
  readonly hash: string;
  readonly spec: JsonObject;
  /** The SFT model's own evaluation. */
  readonly sft: MetricValues;
  /** One entry an iteration, the first first; without the volatile metrics. */
  readonly iterations: readonly MetricValues[];
  /** The last iteration's samples to each held-out prompt: `[prompt][sample]`. */
  readonly samples: {
    readonly gold: readonly (readonly number[])[];
    readonly lengths: readonly (readonly number[])[];
  };
  /** As the signatures were defined when the run was done; see `studyWarnings`. */
  readonly warnings: readonly FailureWarning[];
  /** What may differ between two runs of one spec. */
  readonly volatile: {
    /** Times of each iteration. */
    readonly iterations: readonly MetricValues[];
    /** Whole run with its evaluation, without the SFT model, s. */
    readonly seconds: number;
    /** Commit, versions, backend, machine. */
    readonly environment: JsonObject;
  };
}

/** Reads one line of a records file. @throws {UserError} naming the place */
export function parseStudyRecord(line: string, place: string): StudyRecord {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new UserError(`${place} is not JSON; remove the line and run the study again`);
  }
  const record = value as Partial<StudyRecord> | null;
  if (
    typeof record?.hash !== "string" || !Array.isArray(record.iterations) ||
    typeof record.spec !== "object" || typeof record.volatile !== "object" ||
    !Array.isArray(record.samples?.gold)
  ) {
    throw new UserError(`${place} is not a study record; remove the line and run the study again`);
  }
  return record as StudyRecord;
}
