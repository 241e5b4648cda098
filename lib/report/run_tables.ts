import { isMetricName, metricNames, type MetricValues } from "../metrics/metrics.ts";
import type { Table } from "../study/table.ts";
import type { RunRecord } from "./record.ts";
import type { Scalar } from "./tensorboard.ts";

/** What of a record curves are drawn from. */
type Curves = Pick<RunRecord, "sft" | "iterations" | "steps">;

/** `metrics.csv`: a row for the SFT model (iteration 0) and each iteration, a column a metric. */
export function metricsTable({ sft, iterations }: Curves): Table {
  const all = [sft, ...iterations];
  const measured = metricNames.filter((name) => all.some((each) => (each[name] ?? null) !== null));
  return {
    columns: ["iteration", ...measured],
    rows: all.map((each, t) => [t, ...measured.map((name) => each[name] ?? null)]),
  };
}

/**
 * The same as curves: `train/...` at every optimiser step, `eval/...` at the step that an iteration
 * ended with (the SFT model's at 0). Where the trainer told of no steps, at the iteration's number.
 */
export function scalarsOf({ sft, iterations, steps }: Curves): Scalar[] {
  const train = steps.flatMap(({ iteration: _i, step: _s, ...row }, i) =>
    Object.entries(row).map(([name, value]) => ({ tag: `train/${name}`, step: i + 1, value }))
  );
  const ends = iterations.map((_, t) =>
    steps.length === 0 ? t + 1 : steps.filter((row) => row.iteration <= t + 1).length
  );
  const evaluation = (metrics: MetricValues, step: number) =>
    Object.entries(metrics).flatMap(([name, value]) =>
      isMetricName(name) && typeof value === "number" ? [{ tag: `eval/${name}`, step, value }] : []
    );
  return [
    ...train,
    ...evaluation(sft, 0),
    ...iterations.flatMap((metrics, t) => evaluation(metrics, ends[t] ?? 0)),
  ];
}
