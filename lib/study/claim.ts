import type { MetricName } from "../metrics/metrics.ts";

/** A sentence that the records can decide, written down before the runs. */
export interface Claim {
  /** Unique in the study. */
  readonly id: string;
  /** What is tested, in one sentence. */
  readonly text: string;
  /** What the paper says; absent where the question is ours. */
  readonly paper?: string;
  /** What is compared. */
  readonly metric: MetricName;
  /** The condition and its two arms that are compared, paired by seed. */
  readonly condition: string;
  /** Id of the arm (or matched arm) that the claim is about. */
  readonly arm: string;
  /** Id of the arm that it is compared with. */
  readonly baseline: string;
  /** Iteration that is compared, from 1; the last one unless told. */
  readonly iteration?: number;
  /** Iteration of the baseline; the arm's unless told. */
  readonly baselineIteration?: number;
  /** Compare logarithms: differences are then those of ln(metric), and effects ratios' logarithms. */
  readonly log?: boolean;
  /** The sign of `arm - baseline` that the claim needs. */
  readonly direction: "higher" | "lower" | "same";
  /** Differences smaller than this, in the metric's unit (or its logarithm), do not matter. */
  readonly smallestEffect: number;
  /** Paired seeds that the full preset runs of both cells, from the study's first seed on. */
  readonly seeds: number;
  /**
   * Standard deviation over exploratory seeds of the paired difference, in the unit of
   * `smallestEffect`: what `seeds` was chosen from. Absent where nothing was explored.
   */
  readonly exploratorySd?: number;
}
