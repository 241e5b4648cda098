import type { Estimate } from "../statistics/intervals.ts";

/** A mean with its 95 % interval; the bounds are null where a single value gives none. */
export interface RecordedEstimate {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly n: number;
}

/** What one iteration gave. Null: not measured in this run, or not defined (see `ITERATION_METRICS`). */
export interface IterationMetrics {
  readonly iteration: number;
  readonly offlinePairs: number;
  readonly onPolicyPairs: number;
  readonly trainLoss: number;
  readonly heldOutLoss: number | null;
  readonly heldOutMargin: number | null;
  readonly heldOutAccuracy: number | null;
  readonly heldOutChosenLogp: number | null;
  readonly heldOutRejectedLogp: number | null;
  readonly meanIrmSelected: number | null;
  readonly meanIrmUnselected: number | null;
  readonly flippedFraction: number | null;
  readonly jaccard: number | null;
  readonly rewardLengthCorrelation: number | null;
  readonly klPerResponse: number | null;
  readonly meanLength: number | null;
  readonly distinct2: number | null;
  readonly repetitionRate: number | null;
  readonly truncationRate: number | null;
  readonly goldReward: RecordedEstimate | null;
  readonly winRateVsSft: RecordedEstimate | null;
  readonly winRateVsPlain: RecordedEstimate | null;
}

/** How a metric is shown. */
export interface MetricText {
  readonly label: string;
  /** Empty for a pure number. */
  readonly unit: string;
  readonly meaning: string;
}

/** Every metric of an iteration: the one place for its name in tables, its unit and meaning. */
export const ITERATION_METRICS: Readonly<Record<keyof IterationMetrics, MetricText>> = {
  iteration: text("iteration", "", "from 1; the first is a plain update on every pair"),
  offlinePairs: text("offline pairs", "", "given pairs selected for this update"),
  onPolicyPairs: text("on-policy pairs", "", "bootstrapped pairs selected for this update"),
  trainLoss: text("train loss", "nats", "mean loss over the iteration's steps"),
  heldOutLoss: text("held-out loss", "nats", "mean loss of the held-out pairs after the update"),
  heldOutMargin: text("held-out margin", "", "mean IRM of the held-out pairs after the update"),
  heldOutAccuracy: text(
    "held-out accuracy",
    "",
    "share of held-out pairs with a positive IRM, ties half, in [0, 1]",
  ),
  heldOutChosenLogp: text(
    "chosen log-probability",
    "nats",
    "mean over held-out chosen completions",
  ),
  heldOutRejectedLogp: text(
    "rejected log-probability",
    "nats",
    "mean over held-out rejected completions",
  ),
  meanIrmSelected: text(
    "IRM selected",
    "",
    "mean ensemble IRM of the given pairs kept; none in iteration 1, where every IRM is 0",
  ),
  meanIrmUnselected: text("IRM unselected", "", "mean ensemble IRM of the given pairs left out"),
  flippedFraction: text(
    "flipped",
    "",
    "share of flipped labels among the given pairs kept, in [0, 1]; known in audits only",
  ),
  jaccard: text(
    "Jaccard",
    "",
    "overlap of the given pairs kept with those of the iteration before, in [0, 1]",
  ),
  rewardLengthCorrelation: text(
    "reward-length correlation",
    "",
    "Pearson correlation of implicit reward and length in tokens",
  ),
  klPerResponse: text(
    "KL to reference",
    "nats per response",
    "mean of log pi - log pi_ref over responses sampled from the policy",
  ),
  meanLength: text("response length", "tokens", "mean length of sampled responses"),
  distinct2: text("distinct-2", "", "distinct bigrams over all bigrams of the sampled responses"),
  repetitionRate: text("repetition rate", "", "share of repeated bigrams within a response"),
  truncationRate: text("truncation rate", "", "share of sampled responses cut at the token limit"),
  goldReward: text("gold reward", "", "mean true reward of sampled responses, 95 % interval"),
  winRateVsSft: text(
    "win rate against SFT",
    "",
    "share of prompts won against the SFT model, ties half, 95 % interval",
  ),
  winRateVsPlain: text(
    "win rate against plain",
    "",
    "share of prompts won against the plain arm, ties half, 95 % interval",
  ),
};

/** A metric as it is kept in a record: null where it was not measured (`undefined` or NaN). */
export function measured(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}

/** An estimate as it is kept in a record. */
export function recordedEstimate({ mean, low, high, n }: Omit<Estimate, "sd">): RecordedEstimate {
  return { mean, low: measured(low), high: measured(high), n };
}

function text(label: string, unit: string, meaning: string): MetricText {
  return { label, unit, meaning };
}
