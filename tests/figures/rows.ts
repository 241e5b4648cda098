/** Small tables and a plot of each kind, shared by the tests and by whoever wants to look at plots. */
import {
  agreementPlot,
  contrastMap,
  frontierPlot,
  heatmapPlot,
  intervalPlot,
  linePlot,
  marginHistogram,
  phasePlot,
  type Plot,
  scalingPlot,
} from "../../lib/figures/mod.ts";
import { pairedDifference } from "../../lib/statistics/paired_difference.ts";

const ARMS = ["DPO", "random 70 %", "IRM 70 %", "SeRA", "rDPO", "oracle filter"];
const FLIPS = [0, 0.2, 0.4];

/** Made-up rows of a study: six arms, three flip rates, three iterations, five seeds. */
export const ROWS = FLIPS.flatMap((flipRate, f) =>
  ARMS.flatMap((armLabel, a) =>
    [0, 1, 2, 3].flatMap((iteration) =>
      [0, 1, 2, 3, 4].map((seed) => {
        const noise = Math.sin(100 * f + 31 * a + 7 * iteration + 13 * seed);
        return {
          flipRate,
          armLabel,
          iteration,
          seed,
          last: iteration === 3,
          gold: 0.5 + 0.1 * seed + (iteration === 0 ? 0 : (0.3 + 0.05 * a) * iteration ** 0.5) -
            f * 0.1 + 0.04 * noise,
          kl: iteration * (1 + 0.2 * a) + 0.05 * noise * iteration,
          jaccard: iteration < 2 ? null : 0.8 + 0.02 * noise,
          updateSeconds: 3 + 0.1 * noise,
          scoringSeconds: a > 1 ? 2.4 : 0,
          generationSeconds: a === 3 ? 6 + 0.2 * noise : 0,
        };
      })
    )
  )
);

/** Rows after the last iteration. */
export const LAST = ROWS.filter((row) => row.last);

/** A contrast of two arms as `contrasts` gives it. */
export function contrast(label: string, differences: readonly number[], row: object = {}) {
  return {
    label,
    pairs: differences.map((difference, seed) => ({ seed, difference })),
    row,
    ...pairedDifference(differences, differences.map(() => 0)),
  };
}

/** Each arm minus DPO at each flip rate. */
export const CONTRASTS = FLIPS.flatMap((flipRate) =>
  ARMS.slice(1).map((arm) => {
    const of = (name: string) =>
      LAST.filter((row) => row.flipRate === flipRate && row.armLabel === name);
    const differences = of(arm).map((row, i) => row.gold - (of("DPO")[i]?.gold as number));
    return contrast(`${arm} \u2212 DPO`, differences, { flipRate });
  })
);

const title = "IRM selection gains gold reward under noise";
const noise = (row: { flipRate: number }) => `${100 * row.flipRate} % of the labels flipped`;
const one = (rows: readonly Row[]) => rows.filter((row) => row.flipRate === 0.2);
const MARGINS = Array.from({ length: 400 }, (_, i) => ({
  margin: Math.sin(i) + Math.sin(2.3 * i) + (i % 5 === 0 ? -0.8 : 0.2),
  group: i % 5 === 0 ? "flipped label" : "right label",
}));
const TIMES = ["scoring", "generation", "update"].flatMap((phase, j) =>
  [250, 500, 1000, 2000].map((pairs) => ({
    phase,
    pairs,
    seconds: (0.4 + j * 0.3) * (pairs / 250) ** (0.9 + 0.1 * j),
  }))
);
const OUTLIER = contrast("collapses on one seed \u2212 DPO", [0.2, 0.25, 0.15, 0.3, -9]);

type Row = typeof ROWS[number];
type Contrast = ReturnType<typeof contrast>;

const intervals = (rows: readonly Contrast[], more = {}) =>
  intervalPlot(rows, { title, xTitle: "difference in gold reward", ...more });
const lines = (rows: readonly Row[], more = {}) =>
  linePlot(rows, { title, x: "iteration", y: "gold", yTitle: "gold reward", ...more });
const heatmap = (rows: readonly Row[]) =>
  heatmapPlot(rows, { title, x: "flipRate", y: "armLabel", value: "gold" });
const margins = (rows: typeof MARGINS) =>
  marginHistogram(rows, { title: "Margins of right and flipped labels", threshold: -0.6 });
const scaling = (rows: typeof TIMES) =>
  scalingPlot(rows, {
    title: "Seconds grow with the pairs",
    x: "pairs",
    y: "seconds",
    series: "phase",
    expectedSlope: 1,
  });

const agreement = (rows: readonly Contrast[]) =>
  agreementPlot(
    rows.map(({ label, n, mean, low, high, row }) => ({
      ...{ label, n, row, x: { mean: -mean / 10, low: -high / 10, high: -low / 10 } },
      y: { mean, low, high },
    })),
    {
      title: "Accuracy points the other way",
      series: ({ row }) => noise(row as Row),
      xTitle: "difference in accuracy",
      yTitle: "difference in gold reward",
    },
  );

/** A plot of each kind, by the name of the picture. */
export const EXAMPLES: Readonly<Record<string, () => Plot>> = {
  intervals: () => intervals(CONTRASTS.slice(0, 5)),
  intervalsClipped: () => intervals([...CONTRASTS.slice(0, 5), OUTLIER]),
  intervalsFacets: () => intervals(CONTRASTS, { facet: (c: Contrast) => noise(c.row as Row) }),
  ratios: () =>
    intervals([
      contrast("IRM 70 % \u2212 DPO", [0.3, 0.35, 0.28]),
      contrast("SeRA \u2212 DPO", [0.9, 1.1, 1]),
      contrast("DPO, half the pairs \u2212 DPO", [-0.5, -0.45, -0.6]),
    ], { ratio: true, xTitle: "ratio of times" }),
  lines: () => lines(one(ROWS), { reference: { label: "SFT model", y: 0.52 } }),
  linesFacets: () => lines(ROWS, { facet: noise }),
  linesOverText: () => lines(LAST, { x: noise, xTitle: "labels" }),
  frontier: () => frontierPlot(one(ROWS), { title }),
  frontierFacets: () => frontierPlot(ROWS, { title, facet: "flipRate" }),
  heatmap: () => heatmap(LAST),
  heatmapDiverging: () =>
    heatmapPlot(CONTRASTS, {
      title: "Differences from DPO",
      x: ({ row }) => (row as Row).flipRate,
      y: "label",
      value: "mean",
      diverging: true,
      subtitle: "",
    }),
  contrastMap: () =>
    contrastMap([...CONTRASTS, { ...OUTLIER, row: { flipRate: 0 } }], {
      title: "Which arm gains where",
      x: ({ row }) => noise(row as Row),
      y: "label",
    }),
  agreement: () => agreement([...CONTRASTS, { ...OUTLIER, row: { flipRate: 0 } }]),
  margins: () => margins(MARGINS),
  phases: () => phasePlot(one(ROWS), { title: "Generation costs most" }),
  phasesFacets: () => phasePlot(ROWS, { title: "Generation costs most", facet: noise }),
  scaling: () => scaling(TIMES),
};

/** Each kind of plot from no rows at all. */
export const EMPTY: Readonly<Record<string, () => Plot>> = {
  intervals: () => intervals([]),
  contrastMap: () => contrastMap([], { title, x: "label", y: "label" }),
  agreement: () => agreement([]),
  lines: () => lines([]),
  frontier: () => frontierPlot([], { title }),
  heatmap: () => heatmap([]),
  margins: () => margins([]),
  phases: () => phasePlot([], { title }),
  scaling: () => scaling([]),
};
