import { learningMetricDefinitions } from "./learning_metrics.ts";
import type { MetricDefinition } from "./metric_definition.ts";
import { sampleMetricDefinitions } from "./sample_metrics.ts";
import { bootstrapMetricDefinitions, selectionMetricDefinitions } from "./selection_metrics.ts";
import { timeMetricDefinitions } from "./time_metrics.ts";

/**
 * Every metric of an iteration, once, in the order of tables. A group's definitions stand beside its
 * formulas. Shares lie in [0, 1].
 */
export const metrics: Readonly<Record<MetricName, MetricDefinition>> = {
  ...sampleMetricDefinitions,
  ...learningMetricDefinitions,
  ...selectionMetricDefinitions,
  ...bootstrapMetricDefinitions,
  ...timeMetricDefinitions,
};

/** The name of a metric. */
export type MetricName = keyof (
  & typeof sampleMetricDefinitions
  & typeof learningMetricDefinitions
  & typeof selectionMetricDefinitions
  & typeof bootstrapMetricDefinitions
  & typeof timeMetricDefinitions
);

/** Every metric's name, in the order of tables. */
export const metricNames = Object.keys(metrics) as readonly MetricName[];

/** Metrics of one iteration; null where it has none (nothing was generated, nothing flipped). */
export type MetricValues = { readonly [Name in MetricName]?: number | null };

/** Whether a text names a metric. */
export function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(metrics, name);
}
