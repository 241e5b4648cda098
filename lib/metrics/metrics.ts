/** What a measured number is, for whoever reads it: `align`, studies, reports and notebooks alike. */
export interface MetricDefinition {
  /** Column heads and axes. */
  readonly label: string;
  /** Empty for a pure number. */
  readonly unit: string;
  /** What is measured, over what, by which formula. */
  readonly text: string;
  /** Which way is better; undefined where neither is by itself. */
  readonly better?: "higher" | "lower";
  /** Measured only where the environment knows the true reward. */
  readonly gold?: true;
  /** True where two runs of one config differ: times. */
  readonly volatile?: true;
}

/**
 * Every metric of an iteration, once. "Samples" are responses drawn at temperature 1 to held-out
 * prompts after the update; "held-out pairs" are never trained on; the others describe what the
 * iteration selected, generated and learnt. Shares lie in [0, 1].
 */
export const metrics = {
  gold: {
    label: "gold reward",
    unit: "reward",
    text:
      "mean gold reward of the samples: the mean over prompts of the mean over a prompt's samples",
    better: "higher",
    gold: true,
  },
  goldSe: {
    label: "SE of gold reward",
    unit: "reward",
    text: "standard error of `gold` over prompts",
    gold: true,
  },
  winVsSft: {
    label: "win rate against SFT",
    unit: "share",
    text:
      "chance that a sample has a higher gold reward than one of the SFT model's to the same prompt, " +
      "ties half",
    better: "higher",
    gold: true,
  },
  lcWinVsSft: {
    label: "length-controlled win rate",
    unit: "share",
    text: "win rate against the SFT model at equal length (logistic fit, arXiv 2404.04475)",
    better: "higher",
    gold: true,
  },
  length: {
    label: "response length",
    unit: "tokens",
    text: "mean length of the samples, end-of-sequence token included",
  },
  kl: {
    label: "KL to SFT",
    unit: "nats per response",
    text:
      "KL(policy || SFT model) on the samples: mean of log pi(y|x) - log pi_SFT(y|x) (k1 estimator)",
  },
  distinct2: {
    label: "distinct-2",
    unit: "share",
    text: "different bigrams over all bigrams of the samples",
    better: "higher",
  },
  repetitionRate: {
    label: "repetition rate",
    unit: "share",
    text: "bigrams of a sample that stood in it before, mean over samples",
    better: "lower",
  },
  truncationRate: {
    label: "truncation rate",
    unit: "share",
    text: "samples cut at the token limit, without an end-of-sequence token",
    better: "lower",
  },
  validRate: {
    label: "valid samples",
    unit: "share",
    text: "samples that obey the environment's grammar",
    better: "higher",
    gold: true,
  },
  goldLengthCorrelation: {
    label: "gold-length correlation",
    unit: "correlation",
    text: "Pearson correlation of gold reward and length over the samples",
    gold: true,
  },
  rewardGoldCorrelation: {
    label: "reward-gold correlation",
    unit: "correlation",
    text: "Pearson correlation of implicit and gold reward over the samples",
    better: "higher",
    gold: true,
  },
  trainLoss: {
    label: "train loss",
    unit: "nats",
    text: "mean loss over the iteration's optimiser steps, each before its update",
  },
  heldOutLoss: {
    label: "held-out loss",
    unit: "nats",
    text: "mean loss of the held-out pairs after the update",
    better: "lower",
  },
  heldOutMargin: {
    label: "held-out margin",
    unit: "reward",
    text: "mean implicit reward margin of the held-out pairs after the update",
    better: "higher",
  },
  heldOutAccuracy: {
    label: "held-out accuracy",
    unit: "share",
    text: "held-out pairs with a positive implicit reward margin, ties half",
    better: "higher",
  },
  heldOutChosenLogp: {
    label: "chosen log-probability",
    unit: "nats",
    text: "mean log-probability of the held-out pairs' chosen completions",
  },
  heldOutRejectedLogp: {
    label: "rejected log-probability",
    unit: "nats",
    text: "mean log-probability of the held-out pairs' rejected completions",
  },
  rewardLengthCorrelation: {
    label: "reward-length correlation",
    unit: "correlation",
    text:
      "Pearson correlation of implicit reward and length over the held-out pairs' completions, " +
      "which are the same for every arm",
  },
  offlinePairs: {
    label: "offline pairs",
    unit: "pairs",
    text: "given pairs that the iteration trained on",
  },
  flippedSelected: {
    label: "flips kept",
    unit: "share",
    text: "flipped labels among the given pairs kept; known only where flips were injected",
    better: "lower",
  },
  flippedAll: {
    label: "flips in the data",
    unit: "share",
    text: "flipped labels among all given pairs",
  },
  wrongSelected: {
    label: "wrong labels kept",
    unit: "share",
    text: "given pairs kept whose chosen response has the lower gold reward, flipped or misjudged",
    better: "lower",
    gold: true,
  },
  wrongAll: {
    label: "wrong labels in the data",
    unit: "share",
    text: "given pairs whose chosen response has the lower gold reward, flipped or misjudged",
    gold: true,
  },
  marginAuc: {
    label: "AUC of the margin",
    unit: "share",
    text: "chance that an unflipped pair has a larger margin than a flipped one, ties half",
    better: "higher",
  },
  marginSelected: {
    label: "margin kept",
    unit: "reward",
    text:
      "mean ensemble margin of the given pairs kept; none in iteration 1, where every margin is 0",
  },
  marginUnselected: {
    label: "margin dropped",
    unit: "reward",
    text: "mean ensemble margin of the given pairs left out",
  },
  marginP90: {
    label: "90th percentile of the margin",
    unit: "reward",
    text: "over all given pairs, of the ensemble margins that the iteration ranked by",
  },
  agreement: {
    label: "agreement with the labels",
    unit: "share",
    text: "given pairs with a positive ensemble margin",
  },
  jaccard: {
    label: "overlap of selections",
    unit: "share",
    text:
      "Jaccard index of the given pairs kept and those the iteration before kept; from iteration 3, " +
      "as iteration 1 ranks nothing",
  },
  lengthDifferenceSelected: {
    label: "chosen - rejected length, kept",
    unit: "tokens",
    text: "mean chosen minus rejected length of the given pairs kept",
  },
  longerChosenSelected: {
    label: "longer is chosen, kept",
    unit: "share",
    text: "given pairs kept, of unequal lengths, whose chosen response is the longer",
  },
  relabelled: {
    label: "relabelled pairs",
    unit: "pairs",
    text: "given pairs whose label the selection swapped",
  },
  onPolicyPairs: {
    label: "on-policy pairs",
    unit: "pairs",
    text: "bootstrapped pairs that the iteration trained on",
  },
  onPolicyWrong: {
    label: "wrong on-policy labels",
    unit: "share",
    text: "bootstrapped pairs whose chosen response has the lower gold reward, ties half",
    better: "lower",
    gold: true,
  },
  onPolicyLengthDifference: {
    label: "chosen - rejected length, on-policy",
    unit: "tokens",
    text: "mean chosen minus rejected length of the bootstrapped pairs",
  },
  scoringSeconds: {
    label: "scoring",
    unit: "s",
    text:
      "log-probabilities that selection, bootstrapping and the loss need; in iteration 1 the reference's",
    volatile: true,
  },
  generationSeconds: {
    label: "generation",
    unit: "s",
    text: "responses of bootstrapping",
    volatile: true,
  },
  updateSeconds: { label: "update", unit: "s", text: "the optimiser steps", volatile: true },
  evaluationSeconds: {
    label: "evaluation",
    unit: "s",
    text: "measurement, and margins that nothing but measurement reads",
    volatile: true,
  },
  trainingSeconds: {
    label: "training time",
    unit: "s",
    text: "scoring, generation and update together",
    better: "lower",
    volatile: true,
  },
  totalTrainingSeconds: {
    label: "training time so far",
    unit: "s",
    text: "`trainingSeconds` of this and all earlier iterations",
    better: "lower",
    volatile: true,
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** The name of a metric. */
export type MetricName = keyof typeof metrics;

/** Every metric's name, in the order of tables. */
export const metricNames = Object.keys(metrics) as readonly MetricName[];

/** Metrics of one iteration; null where it has none (nothing was generated, nothing flipped). */
export type MetricValues = { readonly [Name in MetricName]?: number | null };

/** The metric's definition, typed alike for all. */
export function metricOf(name: MetricName): MetricDefinition {
  return metrics[name];
}

/** Whether a text names a metric. */
export function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(metrics, name);
}

/** A number as records keep it: null where it is not finite (no figure is defined). */
export function finite(value: number | null | undefined): number | null {
  return value !== null && value !== undefined && Number.isFinite(value) ? value : null;
}
