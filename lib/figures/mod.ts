/** Figures: tidy rows in, Vega-Lite specs out; SVG and PNG from specs. */
export { type CurveOptions, type CurveRow, curvesFigure } from "./curves.ts";
export { type FlipOptions, type FlipRow, flipsFigure } from "./flips.ts";
export { frontierFigure, type FrontierRow } from "./frontier.ts";
export { heatmapFigure, type HeatOptions, type HeatRow } from "./heatmap.ts";
export {
  type IntervalOptions,
  type IntervalRow,
  intervalsFigure,
  intervalText,
} from "./intervals.ts";
export type { FigureText } from "./layout.ts";
export { type MarginOptions, type MarginRow, marginsFigure } from "./margins.ts";
export { type PhaseRow, phasesFigure } from "./phases.ts";
export { type Png, renderPng, renderSvg } from "./render.ts";
export { logLogSlope, scalingFigure, type ScalingOptions, type ScalingRow } from "./scaling.ts";
