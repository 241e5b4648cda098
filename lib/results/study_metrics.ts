/** What a number of a study's table is, for its readers. */
export interface MetricText {
  readonly unit: string;
  readonly text: string;
  /** True where two runs of one spec differ: times. Kept out of the tables that must not change. */
  readonly volatile?: true;
}

/** Every metric of a study's record, measured after each iteration. */
export const studyMetrics = {
  gold: { unit: "reward", text: "mean gold reward of samples to the held-out prompts" },
  goldSe: { unit: "reward", text: "standard error of `gold` over prompts" },
  winVsSft: { unit: "share", text: "win rate by gold reward against the SFT model, ties half" },
  lcWinVsSft: { unit: "share", text: "length-controlled win rate against the SFT model" },
  length: { unit: "tokens", text: "mean length of the samples, `<eos>` included" },
  kl: { unit: "nats a response", text: "KL to the SFT model, k1 estimator on the samples" },
  irmAccuracy: {
    unit: "share",
    text: "held-out clean pairs whose implicit reward margin agrees with the gold order",
  },
  chosenLogp: { unit: "nats", text: "mean log-probability of the held-out clean pairs' chosen" },
  rejectedLogp: {
    unit: "nats",
    text: "mean log-probability of the held-out clean pairs' rejected",
  },
  trainLoss: { unit: "nats", text: "mean loss of the iteration's update steps" },
  heldOutLoss: { unit: "nats", text: "loss on the held-out clean pairs" },
  selectedPairs: { unit: "pairs", text: "offline pairs the iteration trained on" },
  flippedSelected: { unit: "share", text: "flipped pairs among the selected" },
  flippedAll: { unit: "share", text: "flipped pairs among all offline pairs" },
  wrongSelected: {
    unit: "share",
    text: "selected pairs whose chosen response has the lower gold reward",
  },
  marginAuc: { unit: "share", text: "AUC of the margin for unflipped against flipped pairs" },
  marginSelected: { unit: "reward", text: "mean margin of the selected pairs" },
  marginUnselected: { unit: "reward", text: "mean margin of the pairs left out" },
  marginP90: { unit: "reward", text: "90th percentile of the margin over all offline pairs" },
  jaccard: { unit: "share", text: "overlap with the previous iteration's selection" },
  lengthDifferenceSelected: {
    unit: "tokens",
    text: "mean chosen minus rejected length of the selected pairs",
  },
  longerChosenSelected: {
    unit: "share",
    text: "selected pairs of unequal lengths whose chosen response is the longer",
  },
  rewardLengthCorrelation: {
    unit: "correlation",
    text: "Pearson correlation of implicit reward and length over the samples",
  },
  goldLengthCorrelation: {
    unit: "correlation",
    text:
      "Pearson correlation of gold reward and length over the samples; near 0 for the SFT model",
  },
  rewardGoldCorrelation: {
    unit: "correlation",
    text: "Pearson correlation of implicit and gold reward over the samples",
  },
  relabelled: { unit: "pairs", text: "offline pairs whose label was swapped" },
  onPolicyPairs: { unit: "pairs", text: "self-labelled pairs the iteration trained on" },
  onPolicyWrong: {
    unit: "share",
    text: "self-labelled pairs whose chosen response has the lower gold reward, ties half",
  },
  onPolicyLengthDifference: {
    unit: "tokens",
    text: "mean chosen minus rejected length of the self-labelled pairs",
  },
  distinct2: { unit: "share", text: "different bigrams over all bigrams of the samples" },
  repetitionRate: { unit: "share", text: "bigrams repeated within a sample" },
  truncationRate: { unit: "share", text: "samples without `<eos>`" },
  validRate: { unit: "share", text: "samples that obey the grammar" },
  scoringSeconds: { unit: "s", text: "time of margins and rewards", volatile: true },
  generationSeconds: { unit: "s", text: "time of generating candidates", volatile: true },
  updateSeconds: { unit: "s", text: "time of the update steps", volatile: true },
  trainingSeconds: { unit: "s", text: "scoring, generation and update together", volatile: true },
  logTrainingSeconds: {
    unit: "ln s",
    text:
      "natural logarithm of the run's `trainingSeconds`, all iterations: differences are ratios",
    volatile: true,
  },
} as const satisfies Readonly<Record<string, MetricText>>;

/** The name of a metric of a study's iteration. */
export type MetricName = keyof typeof studyMetrics;

/** The metrics of one iteration; null where it has none (no pair was generated, nothing flipped). */
export type MetricValues = Readonly<Partial<Record<MetricName, number | null>>>;

/** The metric's description, typed for all metrics alike. */
export function metricText(name: MetricName): MetricText {
  return studyMetrics[name];
}
