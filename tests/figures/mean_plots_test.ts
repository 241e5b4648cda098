/** Plots of means over seeds: what they draw, by hand. */
import assert from "node:assert/strict";
import {
  frontierPlot,
  heatmapPlot,
  intervalText,
  linePlot,
  logLogSlope,
  marginHistogram,
  meanText,
  phasePlot,
  type Plot,
  ratioText,
  scalingPlot,
} from "../../lib/figures/mod.ts";
import { armLooks } from "../../lib/figures/looks.ts";

const valuesOf = <Row>(plot: Plot) => (plot as unknown as { data: { values: Row[] } }).data.values;
const near = (a: number | undefined, b: number) =>
  assert.ok(Math.abs((a as number) - b) < 1e-4, `${a} is not ${b}`);

/** Two arms, two seeds, iterations 0 and 1. t quantile of one degree of freedom: 12.7062. */
const ROWS = [["DPO", 1, 3], ["SeRA", 2, 6]].flatMap(([armLabel, ...golds]) =>
  golds.flatMap((gold, seed) =>
    [0, 1].map((iteration) => ({
      armLabel: armLabel as string,
      seed,
      iteration,
      gold: (gold as number) * (iteration + 1),
      kl: iteration * (seed + 1),
      jaccard: iteration === 0 ? null : 0.5,
    }))
  )
);
const LAST = ROWS.filter((row) => row.iteration === 1);

interface Point {
  readonly kind: string;
  readonly series: string;
  readonly panel: string;
  readonly x: number;
  readonly at: number | string;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
  readonly text: string;
  readonly n: number;
  readonly end: boolean;
  readonly iteration: number;
  readonly value: number;
  readonly note?: string;
}

Deno.test("lines run through means over seeds with t intervals, series side by side", () => {
  const points = valuesOf<Point>(linePlot(ROWS, { title: "t", x: "iteration", y: "gold" }));
  assert.deepEqual(points.map(({ series, at, y, n }) => [series, at, y, n]), [
    ["DPO", 0, 2, 2],
    ["DPO", 1, 4, 2],
    ["SeRA", 0, 4, 2],
    ["SeRA", 1, 8, 2],
  ]);
  near(points[0]?.low, 2 - 12.7062);
  near(points[0]?.high, 2 + 12.7062);
  assert.equal(points[0]?.text, "2.00 [\u221210.71, 14.71]");
  assert.ok((points[0]?.x as number) < 0 && (points[2]?.x as number) > 0, "not side by side");
});

Deno.test("values that are missing are left out; a single seed has no interval", () => {
  const one = ROWS.filter((row) => row.seed === 0);
  const points = valuesOf<Point>(linePlot(one, { title: "t", x: "iteration", y: "jaccard" }));
  assert.deepEqual(points.map(({ at, y, low }) => [at, y, low]), [
    [1, 0.5, undefined],
    [1, 0.5, undefined],
  ]);
});

Deno.test("a mean that would mix rows of one seed is refused", () => {
  assert.throws(() => linePlot(ROWS, { title: "t", x: "armLabel", y: "gold" }), {
    name: "UserError",
    message: /the mean at \[null,"DPO","DPO"\] has more than one row of seed \[0\]; filter/,
  });
});

Deno.test("text on the x axis keeps its order; mixed columns are refused", () => {
  const points = valuesOf<Point>(
    linePlot(LAST, { title: "t", x: "armLabel", y: "gold", series: () => "all" }),
  );
  assert.deepEqual(points.map(({ at, x }) => [at, x]), [["DPO", 0], ["SeRA", 1]]);
  const mixed = LAST.map((row, i) => ({ ...row, keep: i === 0 ? null : 0.7 }));
  assert.throws(() => linePlot(mixed, { title: "t", x: "keep", y: "gold" }), {
    message: /an x is null/,
  });
});

Deno.test("a reference is a number, or a mean over rows in each panel", () => {
  const facet = "armLabel" as const;
  const options = { title: "t", x: "iteration", y: "gold", facet } as const;
  const heightsOf = (reference: object) =>
    valuesOf<Point>(linePlot(LAST, { ...options, reference: { label: "r", ...reference } }))
      .filter(({ kind }) => kind === "reference").map(({ panel, y }) => [panel, y]);
  assert.deepEqual(heightsOf({ y: 0.5 }), [["DPO", 0.5], ["SeRA", 0.5]]);
  assert.deepEqual(heightsOf({}), [["DPO", 4], ["SeRA", 8]]);
  assert.deepEqual(heightsOf({ y: "kl" }), [["DPO", 1.5], ["SeRA", 1.5]]);
  assert.deepEqual(heightsOf({ rows: LAST.filter((row) => row.armLabel === "DPO") }), [["DPO", 4]]);
});

Deno.test("a frontier is a path of means by iteration; its end is marked", () => {
  const points = valuesOf<Point>(frontierPlot(ROWS, { title: "t" }));
  assert.deepEqual(
    points.map(({ series, iteration, x, y, end }) => [series, iteration, x, y, end]),
    [
      ["DPO", 0, 0, 2, false],
      ["DPO", 1, 1.5, 4, true],
      ["SeRA", 0, 0, 4, false],
      ["SeRA", 1, 1.5, 8, true],
    ],
  );
});

Deno.test("a frontier's bar of the distance ends at 0, unless a mean is below it", () => {
  const lows = (rows: typeof ROWS) =>
    valuesOf<{ xLow: number }>(frontierPlot(rows, { title: "t" })).map(({ xLow }) => xLow);
  // 1.5 +- 12.7062 * 0.5 reaches to -4.85
  assert.deepEqual(lows(ROWS), [0, 0, 0, 0]);
  const below = ROWS.map((row) => row.iteration === 0 ? { ...row, kl: -0.1 } : row);
  near(lows(below)[1], 1.5 - 12.7062 / 2);
});

Deno.test("a frontier shows every mean, and cuts an interval that would squeeze the others", () => {
  const rows = Array.from({ length: 10 }, (_, arm) =>
    [0, 1, 2].map((seed) => ({
      ...{ armLabel: `arm ${arm}`, seed, iteration: 1, kl: 1 + 0.1 * seed },
      gold: 1 + 0.02 * arm + 0.01 * seed - (arm === 9 && seed === 2 ? 2 : 0),
    }))).flat();
  const scaleOf = (plot: Plot) => {
    const { layer, title } = plot as unknown as {
      layer: { encoding: { y: { scale: { domain?: [number, number]; clamp?: boolean } } } }[];
      title: { subtitle: string[] };
    };
    return { scale: layer[0]?.encoding.y.scale, subtitle: [title.subtitle].flat().join(" ") };
  };
  const few = scaleOf(
    frontierPlot(rows.filter(({ armLabel }) => armLabel !== "arm 9"), { title: "t" }),
  );
  assert.equal(few.scale?.domain, undefined);
  assert.doesNotMatch(few.subtitle, /cut at the edge/);
  const { scale, subtitle } = scaleOf(frontierPlot(rows, { title: "t" }));
  // the mean of arm 9 is 1.19 - 2 / 3; its interval goes far below
  near(scale?.domain?.[0], 1.19 - 2 / 3);
  assert.equal(scale?.clamp, true);
  assert.match(subtitle, /wide intervals are cut at the edge/);
});

Deno.test("a heat map's cells are means with the half-width of their interval", () => {
  const cells = valuesOf<Point>(
    heatmapPlot(LAST, { title: "t", x: "armLabel", y: "iteration", value: "gold", digits: 1 }),
  );
  // half-widths: 12.7062 * sd / sqrt(2), of 2, 6 and 4, 12
  assert.deepEqual(cells.map(({ value, note }) => [value, note]), [[4, "\u00b125.4"], [
    8,
    "\u00b150.8",
  ]]);
});

Deno.test("a heat map breaks long names of columns and lines, so that they do not overlap", () => {
  const named = LAST.map((row) => ({
    ...row,
    armLabel: `${row.armLabel}, where all labels like it`,
  }));
  const cells = valuesOf<{ x: string; y: string }>(
    heatmapPlot(named, { title: "t", x: "armLabel", y: "iteration", value: "gold" }),
  );
  for (const { x } of cells) {
    assert.ok(x.includes("\n") && x.split("\n").every((line) => line.length <= 10), x);
  }
});

Deno.test("phases are means over seeds and iterations, stacked in their order", () => {
  const rows = [1, 2, 3].map((seconds, iteration) => ({
    ...{ armLabel: "SeRA", seed: 0, iteration, updateSeconds: seconds },
    scoringSeconds: 2 * seconds,
  }));
  const bars = valuesOf<{ phase: string; seconds: number }>(phasePlot(rows, { title: "t" }));
  assert.deepEqual(bars.map(({ phase, seconds }) => [phase, seconds]), [
    ["update", 2],
    ["scoring", 4],
  ]);
});

Deno.test("scaling: the slope of a power law, in the legend; nothing below zero", () => {
  const rows = [1, 2, 4, 8].map((pairs) => ({ phase: "update", pairs, s: 3 * pairs ** 1.5 }));
  near(logLogSlope(rows.map(({ pairs, s }) => ({ x: pairs, y: s }))), 1.5);
  assert.ok(Number.isNaN(logLogSlope([{ x: 1, y: 1 }])));
  const options = { title: "t", x: "pairs", y: "s", series: "phase" } as const;
  const [point] = valuesOf<Point>(scalingPlot(rows, options));
  assert.equal(point?.series, "update, slope 1.50");
  assert.throws(() => scalingPlot([...rows, { phase: "update", pairs: 16, s: 0 }], options), {
    message: /update has 16 and 0; logarithmic axes need both above zero/,
  });
});

Deno.test("histogram: shares of each group, every pair in one bar", () => {
  const rows = [0, 1, 2, 3].map((margin) => ({ margin, group: margin < 3 ? "right" : "flipped" }));
  const bars = valuesOf<{ group: string; count: number; share: number }>(
    marginHistogram(rows, { title: "t", threshold: 1.5, bins: 3 }),
  );
  assert.deepEqual(bars.map(({ group, count }) => [group, count]), [
    ["right", 1],
    ["right", 1],
    ["right", 1],
    ["flipped", 0],
    ["flipped", 0],
    ["flipped", 1],
  ]);
  near(bars[0]?.share, 1 / 3);
  assert.throws(() => marginHistogram(rows, { title: "t", threshold: NaN }), { name: "UserError" });
});

Deno.test("an arm that many plots show looks the same in all; the others differ from it", () => {
  const looks = (arms: string[]) => {
    const { color, shape } = armLooks("series", arms) as Record<
      string,
      { scale: { range: string[] } }
    >;
    return new Map(
      arms.map((arm, i) => [arm, `${color?.scale.range[i]} ${shape?.scale.range[i]}`]),
    );
  };
  const one = looks(["DPO", "SeRA", "oracle"]);
  const two = looks(["oracle", "middle", "SeRA", "DPO"]);
  for (const arm of ["DPO", "SeRA"]) assert.equal(one.get(arm), two.get(arm), arm);
  assert.equal(new Set(one.values()).size, 3);
  assert.equal(new Set(two.values()).size, 4);
});

Deno.test("numbers have a true minus sign and no more digits than tell", () => {
  const text = (mean: number, low: number, high: number) => intervalText({ mean, low, high });
  assert.equal(text(0.234, 0.161, 0.304), "+0.23 [+0.16, +0.30]");
  assert.equal(text(-0.004, -0.012, 0.0041), "\u22120.004 [\u22120.012, +0.004]");
  assert.equal(text(250, 100.4, 399.6), "+250 [+100, +400]");
  assert.equal(
    ratioText({ mean: Math.log(2), low: 0, high: Math.log(4) }),
    "\u00d72.00 [\u00d71.00, \u00d74.00]",
  );
  assert.equal(meanText({ mean: 0, low: NaN, high: NaN }), "0.00");
  assert.equal(meanText({ mean: -1e-4, low: NaN, high: NaN }), "\u22120.00010");
});
