/** The look every figure shares: fonts, sizes and a palette that colour-blind readers can tell apart. */
import type { Config } from "vega-lite";

/** DejaVu Sans is bundled for PNG; browsers without it fall back to a font of the same width. */
const FONT = "DejaVu Sans, Verdana, sans-serif";

/** Size of labels, px. */
export const LABEL_SIZE = 11;

/** Width of the font's average glyph at LABEL_SIZE, px. */
export const LABEL_ADVANCE = 6.5;

/** Okabe & Ito (2008), darkest first, yellow left out: it vanishes on white. */
export const PALETTE = [
  "#0072B2",
  "#D55E00",
  "#009E73",
  "#CC79A7",
  "#000000",
  "#56B4E9",
  "#E69F00",
  "#7F7F7F",
] as const;

/** Marks of arms; together with PALETTE they tell 48 arms apart. */
export const SHAPES = [
  "circle",
  "square",
  "triangle-up",
  "diamond",
  "cross",
  "triangle-down",
] as const;

/** Places in PALETTE and SHAPES of the arms that most figures show: each looks the same in all. */
export const RESERVED_PLACES: ReadonlyMap<string, number> = new Map([
  ["DPO", 0],
  ["SeRA", 1],
  ["IRM", 2],
  ["IRM 70 %", 2],
  ["random", 3],
  ["random 70 %", 3],
  ["bootstrap only", 4],
  ["relabel only", 5],
]);

/** Text and lines that belong to no arm. */
export const NEUTRAL = "#555555";

/** JupyterLab renders Vega-Lite up to version 5; the specs use nothing newer. */
export const SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json";

/** Vega-Lite's configuration for every figure. */
export const CONFIG = {
  font: FONT,
  background: "white",
  padding: 8,
  mark: { aria: false },
  view: { stroke: null },
  axis: {
    aria: false,
    labelFontSize: LABEL_SIZE,
    titleFontSize: LABEL_SIZE,
    titleFontWeight: "normal",
    titlePadding: 8,
    gridColor: "#E6E6E6",
    domainColor: "#888888",
    tickColor: "#888888",
    labelLimit: 0,
  },
  legend: {
    aria: false,
    labelFontSize: LABEL_SIZE,
    titleFontSize: LABEL_SIZE,
    titleFontWeight: "normal",
    labelLimit: 0,
    symbolSize: 70,
    symbolOpacity: 1,
  },
  title: {
    aria: false,
    anchor: "start",
    fontSize: 14,
    fontWeight: "bold",
    subtitleFontSize: LABEL_SIZE,
    subtitleColor: NEUTRAL,
    subtitlePadding: 4,
    offset: 12,
  },
  header: { labelFontSize: LABEL_SIZE, labelFontWeight: "bold", labelPadding: 6, labelLimit: 0 },
} as const satisfies Config;
