/** What all plots share: text, facets, theme. */
import type { TopLevelSpec } from "vega-lite";
import { UserError } from "../errors.ts";
import { distinct, type Field } from "./fields.ts";
import { CONFIG, LABEL_ADVANCE, SCHEMA } from "./theme.ts";

/** A figure as a Vega-Lite specification: `show` displays it, `renderSvg` draws it. */
export type Plot = TopLevelSpec;

/** Text and facets of a plot. */
export interface PlotOptions<Row> {
  /** One line that says what to see. */
  readonly title: string;
  /** Units, n, kind of interval. Default: number of seeds and kind of interval. */
  readonly subtitle?: string;
  /** One panel for each value. */
  readonly facet?: Field<Row>;
}

/** The pieces of a plot before facets and theme are put around them. */
export interface PlotParts {
  /** One line that says what to see. */
  readonly title: string;
  /** Units, n, kind of interval; may be empty. */
  readonly subtitle: string;
  /** What is drawn; each row names its panel, "" where there is one only. */
  readonly rows: readonly { readonly panel: string }[];
  /** Vega-Lite layers over the fields of the rows. */
  readonly layer: readonly unknown[];
  /** Of one panel's inside, px. */
  readonly width: number;
  /** Likewise. */
  readonly height: number;
  /** Panels side by side; see `panelColumns`. */
  readonly columns: number;
  /** What stands left and right of a panel's inside, px. Default 50. */
  readonly beside?: number;
}

/** Panels in a row: three, and two where there are four or where panels are wide. */
export function panelColumns(panels: number, most = 3): number {
  return panels === 4 ? Math.min(2, most) : Math.min(panels, most);
}

/**
 * Refuses to draw nothing.
 *
 * @throws {UserError} without rows
 */
export function requireSome(plot: string, rows: readonly unknown[], needs: string): void {
  if (rows.length > 0) return;
  throw new UserError(`plot "${plot}": no row has ${needs}; check the filter and the columns`);
}

/** Options of an axis whose labels have the lines that `wrapText` gave them, joined by newlines. */
export const LINES = { labelExpr: "split(datum.label, '\\n')", labelOverlap: false } as const;

/** Text in lines of at most `width` characters, broken between words. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

/** Puts data, panels, text and theme around the layers. */
export function plotOf(parts: PlotParts): Plot {
  const { title, subtitle, rows, layer, width, height, columns, beside = 50 } = parts;
  const panels = distinct(rows.map((row) => row.panel));
  const whole = Math.max(400, columns * (width + beside));
  const spec = {
    $schema: SCHEMA,
    description: title,
    title: {
      text: wrapText(title, Math.floor(whole / 8.6)),
      subtitle: wrapText(subtitle, Math.floor(whole / LABEL_ADVANCE)),
    },
    data: { values: rows },
    ...(panels.length === 1 ? { width, height, layer } : {
      facet: {
        field: "panel",
        type: "nominal",
        sort: panels,
        header: { title: null, labelAnchor: "start" },
      },
      columns,
      spacing: 24,
      // In an unfinished last row, the axis would stand far below its panel.
      ...(panels.length % columns === 0 ? {} : { resolve: { axis: { x: "independent" } } }),
      spec: { width, height, layer },
    }),
    config: CONFIG,
  };
  return spec as unknown as Plot;
}
