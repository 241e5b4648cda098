import { type MetricName, metrics, type MetricValues } from "../metrics/metrics.ts";
import type { Phase, PhaseSeconds } from "../sera/phase_clock.ts";
import { BLUE, type Chart, GREEN, GREY, ORANGE } from "./chart.ts";

/** What is plotted over iterations, where it was measured. */
const PLOTTED: readonly MetricName[] = [
  ...["heldOutAccuracy", "heldOutMargin", "kl", "length", "rewardLengthCorrelation"] as const,
  ...["jaccard", "flippedSelected", "marginAuc"] as const,
  ...["distinct2", "repetitionRate", "truncationRate"] as const,
];

/** Small charts of the metrics that were measured in two iterations or more. */
export function iterationCharts(iterations: readonly MetricValues[]): Chart[] {
  const last = Math.max(iterations.length, 2);
  const drawn = PLOTTED.flatMap((name) => {
    const points = iterations.flatMap((each, i) => {
      const y = each[name] ?? null;
      return y === null ? [] : [{ iteration: i + 1, y }];
    });
    return points.length < 2 ? [] : [{ name, points }];
  });
  return drawn.map(({ name, points }) => {
    const { label, unit } = metrics[name];
    const x = {
      field: "iteration",
      type: "quantitative",
      title: "iteration",
      scale: { domain: [0.8, last + 0.2], nice: false },
      axis: { grid: false, values: Array.from({ length: last }, (_, i) => i + 1), format: "d" },
    };
    const view = {
      data: { values: points },
      mark: { type: "line", color: BLUE, point: { color: BLUE, size: 45, opacity: 1 } },
      encoding: {
        x,
        y: {
          field: "y",
          type: "quantitative",
          title: unit,
          scale: { zero: false },
          axis: { tickCount: 4, format: ".4~g" },
        },
      },
    };
    const values = points.map(({ y }) => Number(y.toPrecision(3))).join(", ");
    return {
      view,
      title: label.charAt(0).toUpperCase() + label.slice(1),
      alt: `${label} over iterations: ${values}`,
    };
  });
}

/** Where the time went: a stacked bar per iteration. */
export function timeChart(seconds: readonly PhaseSeconds[]): Chart {
  const parts: Readonly<Record<Phase, string>> = {
    ...{ scoring: GREEN, generation: ORANGE, update: BLUE, evaluation: GREY },
  };
  const names = Object.keys(parts) as Phase[];
  const values = seconds.flatMap((each, i) =>
    names.map((part, order) => ({
      iteration: i + 1,
      part,
      order,
      seconds: each[part],
    }))
  );
  const view = {
    height: 80 + 26 * seconds.length,
    data: { values },
    mark: { type: "bar" },
    encoding: {
      x: { field: "seconds", type: "quantitative", title: "seconds" },
      y: { field: "iteration", type: "nominal", title: "iteration", sort: null },
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
