import type { MetricDefinitions, ValuesOf } from "./metric_definition.ts";

/** Seconds that an iteration took; two runs of one config differ in them. */
export const timeMetricDefinitions = {
  scoringSeconds: {
    label: "scoring",
    unit: "s",
    text:
      "log-probabilities that selection, bootstrapping and the loss need, and the training of " +
      "cross-fitting's folds and the reward model; in iteration 1 the reference's",
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
} as const satisfies MetricDefinitions;

/** Seconds of an iteration, by what they went to. */
type Seconds = Readonly<Record<"scoring" | "generation" | "update" | "evaluation", number>>;

/** The times of each iteration, in their order. */
export function timeMetrics(
  iterations: readonly Seconds[],
): ValuesOf<typeof timeMetricDefinitions>[] {
  let total = 0;
  return iterations.map(({ scoring, generation, update, evaluation }) => {
    const training = scoring + generation + update;
    total += training;
    return {
      scoringSeconds: scoring,
      generationSeconds: generation,
      updateSeconds: update,
      evaluationSeconds: evaluation,
      trainingSeconds: training,
      totalTrainingSeconds: total,
    };
  });
}
