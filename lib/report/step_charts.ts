import type { MetricName } from "../metrics/metrics.ts";
import type { RunRecord } from "./record.ts";
import { BLUE, type Chart, type ChartView, GREY, ORANGE } from "./chart.ts";

interface Point {
  /** Optimiser steps since the run began, from 1. */
  readonly step: number;
  readonly iteration: number;
  readonly series: string;
  readonly value: number;
}

interface StepChart {
  readonly title: string;
  readonly axis: string;
  readonly colours: Readonly<Record<string, string>>;
  /** One line per series; where there are many steps faint, with its moving average. */
  readonly lines: readonly Point[];
  /** False for what is set, not measured: no average is drawn. Default true. */
  readonly smooth?: boolean;
  /** d3-format of the values. Default ".3~g". */
  readonly format?: string;
  /** Dots: what was measured once per iteration. */
  readonly dots?: readonly Point[];
  readonly caption?: string;
}

/** The curves over optimiser steps: loss, margin, accuracy, log-probabilities, rate, gradient. */
export function stepCharts(record: RunRecord): Chart[] {
  const { steps, iterations } = record;
  if (steps.length === 0) return [];
  type Step = typeof steps[number];
  const ends = new Map<number, number>();
  steps.forEach(({ iteration }, i) => ends.set(iteration, i + 1));
  const line = (series: string, value: (step: Step) => number): Point[] =>
    steps.map((step, i) => ({
      step: i + 1,
      iteration: step.iteration,
      series,
      value: value(step),
    }));
  const dots = (series: string, name: MetricName): Point[] =>
    iterations.flatMap((each, i) => {
      const step = ends.get(i + 1);
      const value = each[name] ?? null;
      return step === undefined || value === null
        ? []
        : [{ step, iteration: i + 1, series, value }];
    });
  const train = { train: BLUE, "held-out": ORANGE };
  const pair = { chosen: BLUE, rejected: ORANGE };
  const heldOut = "Dots: held-out pairs, after each iteration.";
  const charts: StepChart[] = [
    {
      title: "Loss",
      axis: "mean loss",
      colours: train,
      lines: line("train", (step) => step.loss),
      dots: dots("held-out", "heldOutLoss"),
      caption: heldOut,
    },
    {
      title: "Reward margin",
      axis: "mean margin",
      colours: train,
      lines: line("train", (step) => step.margin),
      dots: dots("held-out", "heldOutMargin"),
      caption: `${heldOut} Train: by the formula that the loss optimises.`,
    },
    {
      title: "Accuracy",
      axis: "share with margin > 0",
      colours: train,
      lines: line("train", (step) => step.accuracy),
      dots: dots("held-out", "heldOutAccuracy"),
      caption: heldOut,
    },
    {
      title: "Log-probabilities",
      axis: "nats per completion",
      colours: pair,
      lines: [
        ...line("chosen", (step) => step.chosenLogp),
        ...line("rejected", (step) => step.rejectedLogp),
      ],
      dots: [
        ...dots("chosen", "heldOutChosenLogp"),
        ...dots("rejected", "heldOutRejectedLogp"),
      ],
      caption: `${heldOut} A margin can grow while the chosen log-probability falls: watch both.`,
    },
    {
      title: "Learning rate",
      axis: "learning rate",
      colours: { rate: GREY },
      lines: line("rate", (step) => step.learningRate),
      smooth: false,
      format: ".2~e",
    },
    {
      title: "Gradient norm",
      axis: "L2 norm before clipping",
      colours: { norm: GREY },
      lines: line("norm", (step) => step.gradientNorm),
    },
  ];
  const boundaries = [...ends.values()].slice(0, -1).map((step) => ({ step: step + 0.5 }));
  return charts.map((each) => ({
    view: viewOf(each, boundaries, steps.length),
    title: each.title,
    ...(each.caption === undefined ? {} : { caption: each.caption }),
    alt: altOf(each),
  }));
}

function viewOf(
  { axis, colours, lines, dots = [], smooth = true, format = ".3~g" }: StepChart,
  boundaries: readonly { step: number }[],
  count: number,
): ChartView {
  const reach = smooth ? Math.floor(count / 50) : 0;
  const series = Object.keys(colours);
  const x = {
    field: "step",
    type: "quantitative",
    title: "optimiser step",
    scale: { domain: [Math.min(1, count - 1), count], nice: false },
    axis: { grid: false, tickMinStep: 1, format: "d" },
  };
  const y = (field: string) => ({
    field,
    type: "quantitative",
    title: axis,
    scale: { zero: false },
    axis: { tickCount: 5, format },
  });
  const color = {
    field: "series",
    type: "nominal",
    scale: { domain: series, range: Object.values(colours) },
    legend: series.length > 1 ? {} : null,
  };
  return {
    layer: [
      {
        data: { values: boundaries },
        mark: { type: "rule", color: GREY, opacity: 0.6, strokeDash: [3, 3] },
        encoding: { x },
      },
      {
        data: { values: lines },
        mark: { type: "line", strokeWidth: 1, opacity: reach > 0 ? 0.35 : 0 },
        encoding: { x, y: y("value"), color },
      },
      {
        data: { values: lines },
        transform: [{
          window: [{ op: "mean", field: "value", as: "smooth" }],
          frame: [-reach, reach],
          groupby: ["series", "iteration"],
        }],
        mark: { type: "line", strokeWidth: 2, point: count === 1 },
        encoding: { x, y: y("smooth"), color },
      },
      {
        data: { values: dots },
        mark: { type: "point", filled: true, size: 70, opacity: 1 },
        encoding: { x, y: y("value"), color },
      },
    ],
  };
}

function altOf({ title, lines, dots = [] }: StepChart): string {
  const describe = (points: readonly Point[], what: string) =>
    [...new Set(points.map((point) => point.series))].map((series) => {
      const values = points.filter((point) => point.series === series).map((point) => point.value);
      return `${series}${what} from ${short(values[0])} to ${short(values.at(-1))}`;
    });
  return `${title} over steps: ${
    [...describe(lines, ""), ...describe(dots, " (dots)")].join(", ")
  }`;
}

function short(value: number | undefined): string {
  return value === undefined ? "nothing" : String(Number(value.toPrecision(4)));
}
