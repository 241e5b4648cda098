import assert from "node:assert/strict";
import { learningMetricDefinitions } from "../../lib/metrics/learning_metrics.ts";
import { metricNames } from "../../lib/metrics/metrics.ts";
import { sampleMetricDefinitions } from "../../lib/metrics/sample_metrics.ts";
import {
  bootstrapMetricDefinitions,
  selectionMetricDefinitions,
} from "../../lib/metrics/selection_metrics.ts";
import { timeMetricDefinitions } from "../../lib/metrics/time_metrics.ts";

Deno.test("no two groups define a metric of one name", () => {
  const groups = [
    ...[sampleMetricDefinitions, learningMetricDefinitions, selectionMetricDefinitions],
    ...[bootstrapMetricDefinitions, timeMetricDefinitions],
  ];
  assert.deepEqual(metricNames, groups.flatMap((group) => Object.keys(group)));
});
