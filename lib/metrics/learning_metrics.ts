import type { PairLogps, PairLosses } from "../losses/types.ts";
import { pearson } from "../statistics/correlation.ts";
import { mean } from "./mean.ts";
import { finite, type MetricDefinitions, type ValuesOf } from "./metric_definition.ts";

/**
 * Metrics of what was learnt: over the optimiser steps, and of held-out pairs, which are never
 * trained on.
 */
export const learningMetricDefinitions = {
  trainLoss: {
    label: "train loss",
    unit: "",
    text:
      "mean loss (most are in nats; IPO, SLiC and SLiC-HF are not) over the iteration's optimiser steps, each before its update",
  },
  heldOutLoss: {
    label: "held-out loss",
    unit: "",
    text: "mean loss of the held-out pairs after the update, against the SFT model (with the " +
      "previous policy as reference the training loss is measured against that)",
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
} as const satisfies MetricDefinitions;

/**
 * What was learnt.
 *
 * @param stepLosses mean loss of each optimiser step
 * @param heldOut the held-out pairs under the updated policy; undefined where there are none
 */
export function learningMetrics(
  stepLosses: readonly number[],
  heldOut: (PairLogps & PairLosses) | undefined,
): Partial<ValuesOf<typeof learningMetricDefinitions>> {
  const trainLoss = finite(mean(stepLosses));
  if (heldOut === undefined) return { trainLoss };
  return {
    trainLoss,
    heldOutLoss: finite(mean(heldOut.losses)),
    heldOutMargin: finite(mean(heldOut.margins)),
    heldOutAccuracy: finite(accuracyOf(heldOut.margins)),
    heldOutChosenLogp: mean(heldOut.policyChosenLogps),
    heldOutRejectedLogp: mean(heldOut.policyRejectedLogps),
    rewardLengthCorrelation: finite(pearson(
      [...heldOut.chosenRewards, ...heldOut.rejectedRewards],
      [...heldOut.chosenLengths, ...heldOut.rejectedLengths],
    )),
  };
}

/** Share of positive margins, ties half. */
export function accuracyOf(margins: ArrayLike<number>): number {
  return mean(Array.from(margins, (margin) => margin > 0 ? 1 : margin === 0 ? 0.5 : 0));
}
