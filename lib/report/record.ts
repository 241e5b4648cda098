import type { EngineInfo } from "../engine/tensorflow.ts";
import type { FailureWarning } from "../metrics/failure_signatures.ts";
import type { JsonObject } from "../files/canonical_json.ts";
import type { Machine } from "../storage/machine.ts";
import type { MetricValues } from "../metrics/metrics.ts";
import type { BootstrapYield } from "../sera/bootstrap_yield.ts";
import type { PhaseSeconds } from "../sera/phase_clock.ts";
import type { StepRow } from "../sera/store.ts";
import type { Provenance } from "../storage/provenance.ts";

/** `format` of records written by this version. */
export const RECORD_FORMAT = "sera-record-3";

/** Pairs by what became of them: `read = train + heldOut + dropped` and those skipped. */
export interface DataSummary {
  readonly read: number;
  readonly train: number;
  readonly heldOut: number;
  /** Records left out in reading, for each reason. */
  readonly skippedFor: Readonly<Record<string, number>>;
  /** Pairs left out in tokenising: of equal tokens, or with a prompt of none. */
  readonly dropped: number;
  /** Prompts and answers in use that were cut at the longest length; a pair has up to three. */
  readonly truncated: number;
  /** Mean length of the completions in use, held-out ones too, tokens, end of sequence included. */
  readonly meanChosenTokens: number;
  readonly meanRejectedTokens: number;
  /** SHA-256 of the tokenised pairs. */
  readonly sha256: string;
}

/** An optimiser step without its time, which stands in `timings`. */
export type RecordedStep = Omit<StepRow, "seconds">;

/** One iteration's bootstrapping, with the warning that it deserves, if any. */
export type RecordedYield = BootstrapYield & { readonly warning: string | null };

/** All that depends on the clock. Two runs of one config differ here and in `machine` alone. */
export interface Timings {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Work of all processes that took part, without the pauses between them. */
  readonly seconds: number;
  /** How many processes took part: 1 for a run that was never interrupted. */
  readonly processes: number;
  /** By iteration. */
  readonly iterations: readonly PhaseSeconds[];
  /** Seconds of each optimiser step, in the order of `steps`. */
  readonly steps: readonly number[];
}

/** All about a run: what was asked, with what code, what came out. Kept as `record.json`. */
export interface RunRecord {
  readonly format: typeof RECORD_FORMAT;
  readonly command: string;
  /** All that decides the results. */
  readonly config: JsonObject;
  /** SHA-256 of its canonical JSON. */
  readonly configSha256: string;
  readonly provenance: Provenance;
  /** null: the model was elsewhere, with a server and a trainer. */
  readonly backend: EngineInfo | null;
  readonly data: DataSummary;
  readonly steps: readonly RecordedStep[];
  /** The SFT model's metrics; see `metrics` for all of them. */
  readonly sft: MetricValues;
  /** One entry per iteration, the first first. */
  readonly iterations: readonly MetricValues[];
  readonly warnings: readonly FailureWarning[];
  /** What bootstrapping gave in each iteration that used it, and why it gave no more. */
  readonly bootstrapping: readonly RecordedYield[];
  /** SHA-256 of the final adapter or weights file. */
  readonly resultSha256: string;
  readonly machine: Machine;
  readonly timings: Timings;
}
