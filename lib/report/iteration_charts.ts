import { ITERATION_METRICS, type IterationMetrics } from "./metrics.ts";
import type { IterationSeconds } from "./record.ts";
import { BLUE, type Chart, GREEN, GREY, ORANGE } from "./chart.ts";

/** What is plotted over iterations, where it was measured. */
const PLOTTED = [
  "goldReward",
  "winRateVsSft",
  "winRateVsPlain",
  "heldOutAccuracy",
  "heldOutMargin",
  "klPerResponse",
  "meanLength",
  "rewardLengthCorrelation",
  "jaccard",
  "flippedFraction",
  "distinct2",
  "repetitionRate",
  "truncationRate",
] as const satisfies readonly (keyof IterationMetrics)[];

/** Small charts of the metrics that were measured in two iterations or more. */
export function iterationCharts(iterations: readonly IterationMetrics[]): Chart[] {
  const last = Math.max(...iterations.map((each) => each.iteration), 2);
  const drawn = PLOTTED.flatMap((name) => {
    const points = iterations.flatMap((each) => {
      const value = each[name];
      if (value === null) return [];
      const { mean: y, low, high } = typeof value === "number"
        ? { mean: value, low: null, high: null }
        : value;
      return [{ iteration: each.iteration, y, low: low ?? y, high: high ?? y }];
    });
    return points.length < 2 ? [] : [{ name, points }];
  });
  return drawn.map(({ name, points }) => {
    const { label, unit } = ITERATION_METRICS[name];
    const x = {
      field: "iteration",
      type: "quantitative",
      title: "iteration",
      scale: { domain: [0.8, last + 0.2], nice: false },
      axis: { grid: false, values: Array.from({ length: last }, (_, i) => i + 1), format: "d" },
    };
    const scale = { zero: false };
    const view = {
      width: 200,
      height: 110,
      data: { values: points },
      layer: [
        {
          mark: { type: "rule", color: BLUE, opacity: 0.5, strokeWidth: 2 },
          encoding: {
            x,
            y: { field: "low", type: "quantitative", scale },
            y2: { field: "high" },
          },
        },
        {
          mark: {
            type: "line",
            color: BLUE,
            point: { color: BLUE, size: 45, opacity: 1 },
          },
          encoding: {
            x,
            y: {
              field: "y",
              type: "quantitative",
              title: unit === "" ? null : unit,
              scale,
              axis: { tickCount: 4, format: ".4~g" },
            },
          },
        },
      ],
    };
    const values = points.map(({ y }) => Number(y.toPrecision(3))).join(", ");
    return {
      view,
      title: label.charAt(0).toUpperCase() + label.slice(1),
      alt: `${label} over iterations: ${values}`,
    };
  });
}

/** Where the time went: a stacked bar an iteration. */
export function timeChart(seconds: readonly IterationSeconds[]): Chart {
  const parts = { scoring: GREEN, generation: ORANGE, update: BLUE, evaluation: GREY };
  const names = Object.keys(parts) as (keyof typeof parts)[];
  const values = seconds.flatMap((each) =>
    names.map((part, order) => ({
      iteration: `iteration ${each.iteration}`,
      part,
      order,
      seconds: each[part],
    }))
  );
  const view = {
    width: 420,
    height: { step: 26 },
    data: { values },
    mark: { type: "bar" },
    encoding: {
      x: { field: "seconds", type: "quantitative", title: "seconds" },
      y: { field: "iteration", type: "nominal", title: null, sort: null },
      order: { field: "order", type: "quantitative" },
      color: {
        field: "part",
        type: "nominal",
        scale: { domain: names, range: Object.values(parts) },
      },
    },
  };
  const totals = names.map((part) => {
    const total = seconds.reduce((sum, each) => sum + each[part], 0);
    return `${part} ${total.toFixed(0)} s`;
  });
  return {
    view,
    title: "Where the time went",
    alt: `Seconds by part over all iterations: ${totals.join(", ")}`,
  };
}
