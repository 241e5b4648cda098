import type { TopLevelSpec } from "vega-lite";
import { renderSvg } from "../figures/render.ts";
import { escapeHtml } from "../plain_text.ts";
import { type Html, html, trustedHtml } from "./html.ts";

// Colours that keep a contrast of 3:1 or more on white and on the dark background.
/** The main series. */
export const BLUE = "#3b82c4";
/** What the main series is compared with. */
export const ORANGE = "#d0702a";
/** A third series. */
export const GREEN = "#2c9a72";
/** What needs no attention. */
export const GREY = "#8a8f98";

/**
 * Size of a chart with its axes in CSS pixels: it fits a page of 400, and is never scaled, so that all
 * text has one size.
 */
const CHART_WIDTH = 352;
const CHART_HEIGHT = 220;

const FONT = "system-ui, sans-serif";
const FAINT = "rgba(128,128,128,0.28)";

/** A Vega-Lite view without schema and config. */
export type ChartView = Readonly<Record<string, unknown>>;

/** A chart's text: `alt` says what a reader who cannot see it should know. */
export interface ChartText {
  readonly title: string;
  readonly caption?: string;
  readonly alt: string;
}

/** A view with its text. */
export interface Chart extends ChartText {
  readonly view: ChartView;
}

/**
 * Draws views as inline SVG in figures, one after another (Vega numbers its elements from a counter
 * of its module). Lines and text take the page's colour, dark or light.
 */
export async function drawCharts(charts: readonly Chart[]): Promise<Html[]> {
  const drawn: Html[] = [];
  for (const { view, title, caption, alt } of charts) {
    const spec = {
      ...{ width: CHART_WIDTH, height: CHART_HEIGHT, ...view },
      ...{ autosize: { type: "fit", contains: "padding" } },
      ...{ description: title, background: null, config: CONFIG },
    };
    const svg = (await renderSvg(spec as unknown as TopLevelSpec))
      .replace("<svg ", `<svg role="img" aria-label="${escapeHtml(alt)}" `);
    drawn.push(
      html`<figure><h3>${title}</h3>${trustedHtml(svg)}${
        caption === undefined ? "" : html`<figcaption>${caption}</figcaption>`
      }</figure>`,
    );
  }
  return drawn;
}

const CONFIG = {
  font: FONT,
  padding: 2,
  view: { stroke: null },
  mark: { aria: false },
  axis: {
    aria: false,
    labelColor: "currentColor",
    titleColor: "currentColor",
    titleFontWeight: "normal",
    labelFontSize: 11,
    titleFontSize: 11,
    gridColor: FAINT,
    domainColor: FAINT,
    tickColor: FAINT,
  },
  legend: {
    aria: false,
    orient: "top",
    title: null,
    labelColor: "currentColor",
    labelFontSize: 11,
    // A name is never cut; two of them fit a line.
    labelLimit: 0,
    columns: 2,
    symbolOpacity: 1,
    offset: 4,
  },
  header: { labelColor: "currentColor", labelFontSize: 11, title: null },
};
