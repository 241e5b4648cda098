/** Specs to bytes: SVG by Vega without a canvas, PNG by resvg with the bundled font. */
import { Resvg } from "@resvg/resvg-js";
import { join } from "node:path";
import { createRequire } from "node:module";
import * as vega from "vega";
import { compile } from "vega-lite";
import { UserError } from "../errors.ts";
import type { Plot } from "./plot.ts";

/** A rendered PNG. */
export interface Png {
  /** The file. */
  readonly bytes: Uint8Array;
  /** Width in px at scale 1, to be used as the display size of a sharper image. */
  readonly width: number;
  /** Height likewise. */
  readonly height: number;
}

/**
 * The SVG of a plot. The same plot gives the same bytes.
 *
 * @throws {UserError} where the specification does not compile
 */
export async function renderSvg(spec: Plot): Promise<string> {
  let runtime: vega.Runtime;
  try {
    runtime = vega.parse(compile(spec, { logger: strict }).spec);
  } catch (error) {
    throw new UserError(`figure "${String(spec.description)}" does not compile: ${error}`);
  }
  // Ids of clips and gradients come from counters of the module: start them afresh.
  vega.resetSVGDefIds();
  const view = new vega.View(runtime, { renderer: "none" });
  try {
    return scopeIds(await view.toSVG(), String(spec.description ?? "figure"));
  } finally {
    view.finalize();
  }
}

/** Ids of a figure carry its name, for several inline SVGs share one page. */
function scopeIds(svg: string, name: string): string {
  const slug = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  return svg.replaceAll(/(id="|url\(#)(clip|gradient_|p_)/g, `$1${slug}-$2`);
}

const require = createRequire(import.meta.url);
let fonts: string[] | undefined;

function fontFiles(): string[] {
  if (fonts === undefined) {
    const folder = join(require.resolve("dejavu-fonts-ttf/package.json"), "..", "ttf");
    fonts = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((name) => join(folder, name));
  }
  return fonts;
}

/** The PNG of an SVG at `scale` pixels a unit. Same input, same bytes. */
export function renderPng(svg: string, scale = 2): Png {
  const image = new Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    background: "white",
    font: {
      loadSystemFonts: false,
      fontFiles: fontFiles(),
      defaultFontFamily: "DejaVu Sans",
      sansSerifFamily: "DejaVu Sans",
    },
  });
  const rendered = image.render();
  return {
    bytes: new Uint8Array(rendered.asPng()),
    width: Math.round(rendered.width / scale),
    height: Math.round(rendered.height / scale),
  };
}

/** Vega-Lite warns where it drops part of a spec: an error here. */
const strict = {
  level() {
    return this;
  },
  error(...message: unknown[]): never {
    throw new Error(message.join(" "));
  },
  warn(...message: unknown[]) {
    const text = message.join(" ");
    if (text.includes("should be updated") || text.includes("$schema")) return this;
    throw new Error(text);
  },
  info() {
    return this;
  },
  debug() {
    return this;
  },
} as unknown as vega.LoggerInterface;
