/** Figures in a notebook: one message with every form a viewer may want. */
import type { TopLevelSpec } from "vega-lite";
import { renderPng, renderSvg } from "../figures/render.ts";
import { currentKernel, type Display, display, type Kernel } from "./kernel.ts";

/** Name of a figure within its notebook. */
export interface FigureName {
  /** File name of the figure in `results/`, without extension. */
  readonly id: string;
  /** True for the one figure that the site's index shows. */
  readonly main?: boolean;
}

/**
 * SVG and PNG (at twice the size) of a spec, with the spec itself for viewers of Vega-Lite.
 *
 * @throws UserError where the spec does not compile.
 */
export async function figureDisplay(spec: TopLevelSpec, name: FigureName): Promise<Display> {
  const svg = await renderSvg(spec);
  const png = renderPng(svg);
  return {
    data: {
      "application/vnd.vegalite.v5+json": spec,
      "image/svg+xml": svg,
      "image/png": png.bytes.toBase64(),
      "text/plain": `figure ${name.id}: ${String(spec.description ?? "")}`,
    },
    metadata: {
      "image/png": { width: png.width, height: png.height },
      alt: String(spec.description ?? name.id),
      sera: { figure: name.id, ...(name.main ? { main: true } : {}) },
    },
  };
}

/** Shows a figure in the current cell. */
export async function showFigure(
  spec: TopLevelSpec,
  name: FigureName,
  kernel: Kernel = currentKernel(),
): Promise<void> {
  await display(await figureDisplay(spec, name), kernel);
}
