/** Plots: tidy rows in, Vega-Lite specifications out; SVG and PNG from them. */
export { agreementPlot, type AgreementPlotOptions, type DoubleContrast } from "./agreement_plot.ts";
export { contrastMap, type ContrastMapOptions } from "./contrast_map.ts";
export type { Field } from "./fields.ts";
export { frontierPlot, type FrontierPlotOptions } from "./frontier_plot.ts";
export { heatmapPlot, type HeatmapPlotOptions } from "./heatmap_plot.ts";
export { type DrawnContrast, intervalPlot, type IntervalPlotOptions } from "./interval_plot.ts";
export { linePlot, type LinePlotOptions, type PlotReference } from "./line_plot.ts";
export {
  marginHistogram,
  type MarginHistogramOptions,
  type MarginRow,
} from "./margin_histogram.ts";
export { type Interval, intervalText, meanText, ratioText } from "./number_text.ts";
export { phasePlot, type PhasePlotOptions } from "./phase_plot.ts";
export type { Plot, PlotOptions } from "./plot.ts";
export { type Png, renderPng, renderSvg } from "./render.ts";
export { logLogSlope, scalingPlot, type ScalingPlotOptions } from "./scaling_plot.ts";
export { type Standing, standings, type StandingsOptions } from "./standings.ts";
