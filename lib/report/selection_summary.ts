/** What one iteration's selection saw and did, pair by pair. Arrays have one entry per given pair. */
export interface SelectionSummary {
  readonly iteration: number;
  /** Ensemble IRM. */
  readonly margins: readonly number[];
  readonly kept: readonly boolean[];
  /** Known where flips were injected: whether the label was flipped. */
  readonly flipped?: readonly boolean[];
}

/** A pair that the policy wrote and ranked itself. */
export interface GeneratedExample {
  readonly iteration: number;
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: string;
  /** Ensemble implicit rewards. */
  readonly chosenReward: number;
  readonly rejectedReward: number;
}
