import { type MetricName, metrics } from "../metrics/metrics.ts";
import type { StudyRow } from "../study/rows.ts";
import { BLUE, type Chart, GREEN, GREY, ORANGE } from "./chart.ts";

const COLOURS = [GREY, ORANGE, BLUE, GREEN, "#a855c7", "#b59a2d"];

/** A metric over iterations: the mean of each method as a line, every seed as a faint one. */
export function methodCurves(rows: readonly StudyRow[], metric: MetricName): Chart[] {
  const points = rows.flatMap(({ arm, seed, iteration, ...row }) => {
    const y = row[metric] ?? null;
    return y === null ? [] : [{ arm, seed, iteration, y }];
  });
  if (points.length === 0) return [];
  const arms = [...new Set(points.map(({ arm }) => arm))];
  const last = Math.max(...points.map(({ iteration }) => iteration));
  const first = Math.min(...points.map(({ iteration }) => iteration));
  const { label, unit } = metrics[metric];
  const title = label.charAt(0).toUpperCase() + label.slice(1);
  const x = {
    field: "iteration",
    type: "quantitative",
    title: "iteration (0: the SFT model)",
    scale: { domain: [first - 0.1, last + 0.1], nice: false },
    axis: {
      grid: false,
      format: "d",
      values: Array.from({ length: last - first + 1 }, (_, i) => first + i),
    },
  };
  const y = (aggregate?: string) => ({
    field: "y",
    type: "quantitative",
    title: unit,
    scale: { zero: false },
    axis: { tickCount: 5, format: ".4~g" },
    ...(aggregate === undefined ? {} : { aggregate }),
  });
  const color = {
    field: "arm",
    type: "nominal",
    scale: { domain: arms, range: COLOURS.slice(0, arms.length) },
  };
  const view = {
    data: { values: points },
    layer: [
      {
        mark: { type: "line", strokeWidth: 1, opacity: 0.3 },
        encoding: { x, y: y(), color, detail: { field: "seed" } },
      },
      {
        mark: { type: "line", strokeWidth: 2, point: true },
        encoding: { x, y: y("mean"), color },
      },
    ],
  };
  const means = arms.map((arm) => {
    const ends = points.filter((each) => each.arm === arm && each.iteration === last);
    const mean = ends.reduce((sum, each) => sum + each.y, 0) / Math.max(1, ends.length);
    return `${arm} ends at ${Number(mean.toPrecision(3))}`;
  });
  return [{ view, title, alt: `${title} over iterations, mean over seeds: ${means.join(", ")}` }];
}
