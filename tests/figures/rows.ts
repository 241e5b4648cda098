/** One small table a builder, shared by the tests and by whoever wants to look at the figures. */
import {
  curvesFigure,
  flipsFigure,
  frontierFigure,
  heatmapFigure,
  intervalsFigure,
  marginsFigure,
  phasesFigure,
  scalingFigure,
} from "../../lib/figures/mod.ts";

const arms = ["DPO", "random 70 %", "IRM 70 %", "SeRA", "rDPO", "oracle filter"];
const gold = [1.21, 1.19, 1.42, 1.36, 1.34, 1.59];
const kl = [1.6, 1.6, 2.6, 4.5, 2.8, 2.2];

const frontier = (panel?: string) =>
  arms.map((arm, i) => ({
    arm,
    kl: kl[i] as number,
    klLow: (kl[i] as number) * 0.9,
    klHigh: (kl[i] as number) * 1.1,
    gold: gold[i] as number,
    goldLow: (gold[i] as number) - 0.08,
    goldHigh: (gold[i] as number) + 0.08,
    ...(panel === undefined ? {} : { panel }),
  }));
const curves = (panel?: string) =>
  arms.flatMap((arm, i) =>
    [0, 1, 2, 3].map((x) => {
      const y = 0.52 + ((gold[i] as number) - 0.52) * Math.sqrt(x / 3);
      return {
        arm,
        x,
        y,
        low: y - 0.07,
        high: y + 0.07,
        ...(panel === undefined ? {} : { panel }),
      };
    })
  );
const contrasts = (panel?: string) =>
  arms.map((label, i) => {
    const difference = (gold[i] as number) - 1.3;
    return {
      label,
      difference,
      low: difference - 0.1,
      high: difference + 0.1,
      ...(panel === undefined ? {} : { panel }),
    };
  });
const noises = ["no flips", "20 % flips", "40 % flips"];
const title = "IRM selection gains gold reward under noise";
const subtitle = "review world, 6 paired seeds, 95 % t intervals";

/** Every builder with rows and without, by the name of the picture. */
export const EXAMPLES = {
  frontier: (rows = frontier()) => frontierFigure(rows, { title, subtitle }),
  frontierPanels: (rows = noises.flatMap(frontier)) => frontierFigure(rows, { title, subtitle }),
  curves: (rows = curves()) =>
    curvesFigure(rows, {
      title,
      subtitle,
      xTitle: "iteration",
      yTitle: "gold reward",
      reference: { y: 0.52, label: "SFT model" },
    }),
  curvesPanels: (rows = noises.flatMap(curves)) =>
    curvesFigure(rows, { title, subtitle, xTitle: "iteration", yTitle: "gold reward" }),
  intervals: (rows = contrasts()) =>
    intervalsFigure(rows, { title, subtitle, xTitle: "gold reward minus plain DPO's" }),
  intervalsPanels: (rows = noises.flatMap(contrasts)) =>
    intervalsFigure(rows, { title, subtitle, xTitle: "gold reward minus plain DPO's" }),
  flips: (
    rows = ["IRM", "random", "bottom", "middle band"].flatMap((selector, s) =>
      [0.3, 0.5, 0.7, 0.9].map((keep) => ({
        selector,
        keep,
        flipped: 0.2 + (1 - keep) * ([-0.15, 0, 0.2, -0.02][s] as number),
        low: 0.18 + (1 - keep) * ([-0.15, 0, 0.2, -0.02][s] as number),
        high: 0.22 + (1 - keep) * ([-0.15, 0, 0.2, -0.02][s] as number),
      }))
    ),
  ) => flipsFigure(rows, { title: "IRM drops wrong labels", subtitle, baseRate: 0.2 }),
  heatmap: (
    rows = ["ema", "two-term", "uniform"].flatMap((y, j) =>
      [0, 0.1, 0.3, 0.5, 0.7, 0.9].map((x, i) => ({
        x,
        y,
        value: 1.3 + 0.03 * i * (1 - j),
        note: "±0.07",
      }))
    ),
  ) =>
    heatmapFigure(rows, {
      title: "No effect of gamma",
      subtitle,
      xTitle: "gamma",
      yTitle: "weighting",
      valueTitle: "gold reward",
    }),
  heatmapDiverging: (
    rows = [0, 0.2, 0.4].flatMap((y, j) =>
      [0.3, 0.5, 0.7, 0.9].map((x, i) => ({ x, y, value: (j - 1) * 0.1 + (i - 1) * 0.06 }))
    ),
  ) =>
    heatmapFigure(rows, {
      title: "IRM minus random",
      xTitle: "fraction kept",
      yTitle: "flip rate",
      valueTitle: "difference",
      diverging: true,
      format: "+.2f",
    }),
  margins: (
    rows = Array.from({ length: 400 }, (_, i) => ({
      margin: Math.sin(i) + Math.sin(2.3 * i) + (i % 5 === 0 ? -0.8 : 0.2),
      group: i % 5 === 0 ? "flipped label" : "right label",
    })),
  ) => marginsFigure(rows, { title: "Margins of right and flipped labels", threshold: -0.6 }),
  phases: (
    rows = arms.flatMap((arm, i) =>
      ["update", "scoring", "generation"].map((phase, j) => ({
        arm,
        phase,
        seconds: [3 + i * 0.1, i > 1 ? 2.4 : 0, i === 3 ? 6 : 0.01][j] as number,
      }))
    ),
  ) => phasesFigure(rows, { title: "Generation costs most", subtitle: "median of 5 seeds" }),
  scaling: (
    rows = ["scoring", "generation", "update"].flatMap((series, j) =>
      [250, 500, 1000, 2000].map((size) => ({
        series,
        size,
        seconds: (0.4 + j * 0.3) * (size / 250) ** (0.9 + 0.1 * j),
      }))
    ),
  ) =>
    scalingFigure(rows, {
      title: "Seconds grow with the pairs",
      xTitle: "pairs",
      expectedSlope: 1,
    }),
} as const;
