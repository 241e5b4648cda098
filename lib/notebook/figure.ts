/** Plots in a notebook: one message with every form a viewer may want. */
import { UserError } from "../errors.ts";
import type { Plot } from "../figures/plot.ts";
import { renderPng, renderSvg } from "../figures/render.ts";
import { currentKernel, type Display, display, type Kernel } from "./kernel.ts";
import { say } from "./text.ts";

/** Name of a figure. */
export interface FigureName {
  /** File name of the figure in `results/figures`, without extension; unique over all notebooks. */
  readonly id: string;
  /** True for the one figure that the site's index shows. */
  readonly main?: boolean;
}

/**
 * SVG, and PNG at twice the size, of a plot, with its specification for viewers of Vega-Lite. A
 * plot without a name is none of the published figures.
 *
 * @throws {UserError} where the specification does not compile
 */
export async function plotDisplay(plot: Plot, name?: FigureName): Promise<Display> {
  const svg = await renderSvg(plot);
  const png = renderPng(svg);
  const description = String(plot.description ?? "");
  return {
    data: {
      "application/vnd.vegalite.v5+json": plot,
      "image/svg+xml": svg,
      "image/png": png.bytes.toBase64(),
      "text/plain": name === undefined ? description : `figure ${name.id}: ${description}`,
    },
    metadata: {
      "image/png": { width: png.width, height: png.height },
      alt: description,
      ...(name === undefined
        ? {}
        : { sera: { figure: name.id, ...(name.main ? { main: true } : {}) } }),
    },
  };
}

/**
 * Shows a plot in the current cell. The site and `results/figures` take it from there. A function
 * whose plot has nothing to draw yet shows why instead.
 */
export async function show(
  plot: Plot | (() => Plot),
  name: FigureName,
  kernel: Kernel = currentKernel(),
): Promise<void> {
  let drawn: Plot;
  try {
    drawn = typeof plot === "function" ? plot() : plot;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return await say(`_Not drawn: ${error.message}._`, kernel);
  }
  await display(await plotDisplay(drawn, name), kernel);
}
