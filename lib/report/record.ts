import type { EngineInfo } from "../engine/tensorflow.ts";
import type { FailureWarning } from "../metrics/failure_signatures.ts";
import type { JsonObject } from "../files/canonical_json.ts";
import type { Machine } from "../storage/machine.ts";
import type { StepRow } from "../sera/store.ts";
import type { IterationMetrics } from "./metrics.ts";
import type { Provenance } from "../storage/provenance.ts";

/** `format` of records written by this version. */
export const RECORD_FORMAT = "sera-record-1";

/** Pairs by what became of them: `read = train + heldOut + skippedEqual + unused`. */
export interface DataSummary {
  readonly read: number;
  readonly train: number;
  readonly heldOut: number;
  /** Skipped because chosen and rejected are the same. */
  readonly skippedEqual: number;
  /** Cut by `--limit`. */
  readonly unused: number;
  /** Pairs in use that were cut at the longest length. */
  readonly truncated: number;
  /** Mean length of the training completions, tokens, end of sequence included. */
  readonly meanChosenTokens: number;
  readonly meanRejectedTokens: number;
  /** SHA-256 of the tokenised pairs. */
  readonly sha256: string;
}

/** Seconds of one iteration's parts. */
export interface IterationSeconds {
  readonly iteration: number;
  readonly scoring: number;
  readonly generation: number;
  readonly update: number;
  readonly evaluation: number;
}

/** All that depends on the clock. Two runs of one spec differ here and in `machine` alone. */
export interface Timings {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Work of all processes that took part, without the pauses between them. */
  readonly seconds: number;
  /** How many processes took part: 1 for a run that was never interrupted. */
  readonly processes: number;
  readonly iterations: readonly IterationSeconds[];
  /** Seconds of each optimiser step, in the order of `steps`. */
  readonly steps: readonly number[];
}

/** All about a run: what was asked, with what code, what came out. Kept as `record.json`. */
export interface RunRecord {
  readonly format: typeof RECORD_FORMAT;
  readonly command: string;
  readonly spec: JsonObject;
  /** SHA-256 of the spec's canonical JSON. */
  readonly specSha256: string;
  readonly provenance: Provenance;
  readonly backend: EngineInfo;
  readonly data: DataSummary;
  readonly steps: readonly StepRow[];
  readonly iterations: readonly IterationMetrics[];
  readonly warnings: readonly FailureWarning[];
  /** SHA-256 of the final adapter or weights file. */
  readonly resultSha256: string;
  readonly machine: Machine;
  readonly timings: Timings;
}

/** A record without what the clock and the machine decide: equal for two runs of one spec and code. */
export function comparableRecord(
  record: RunRecord,
): Omit<RunRecord, "machine" | "timings"> {
  const { machine: _machine, timings: _timings, ...comparable } = record;
  return comparable;
}
