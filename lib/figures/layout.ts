/** What the figure builders share: checks, the order and colour of arms, panels, label placement. */
import type { TopLevelSpec } from "vega-lite";
import { UserError } from "../errors.ts";
import { CONFIG, LABEL_ADVANCE, PALETTE, RESERVED_PLACES, SCHEMA, SHAPES } from "./theme.ts";

/** Text of a figure that the rows cannot give. */
export interface FigureText {
  /** One line that says what to see. */
  readonly title: string;
  /** Units, n, kind of interval. */
  readonly subtitle?: string;
}

/** The pieces of a figure before panels and theme are put around them. */
export interface FigureParts<Row> extends FigureText {
  readonly rows: readonly Row[];
  /** Vega-Lite layers over the fields of Row. */
  readonly layer: readonly unknown[];
  readonly width: number;
  readonly height: number;
  /** Panels in a row. Default: 3, and 2 for four panels. */
  readonly columns?: number;
}

/** @throws UserError where the table is empty or a field that must be a number is not finite. */
export function requireRows<Row extends object>(
  figure: string,
  rows: readonly Row[],
  numeric: readonly (keyof Row & string)[],
): void {
  if (rows.length === 0) {
    throw new UserError(`figure ${figure}: the table has no rows; pass at least one row to draw`);
  }
  rows.forEach((row, index) => {
    for (const field of numeric) {
      const value = row[field];
      if (typeof value !== "number" || !Number.isFinite(value)) {
        throw new UserError(
          `figure ${figure}: row ${index}, field "${field}" is ${String(value)}; ` +
            "give a finite number or leave the row out",
        );
      }
    }
  });
}

/** Distinct values in order of first appearance. */
export function distinct<Value>(values: readonly Value[]): Value[] {
  return [...new Set(values)];
}

/** Each arm's place in palette and shapes: its reserved one, or the first that no other arm takes. */
function placesOf(arms: readonly string[]): number[] {
  const taken = new Set(arms.map((arm) => RESERVED_PLACES.get(arm)));
  let next = 0;
  return arms.map((arm) => {
    const reserved = RESERVED_PLACES.get(arm);
    if (reserved !== undefined) return reserved;
    while (taken.has(next)) next++;
    return next++;
  });
}

function byArm(
  field: string,
  arms: readonly string[],
  looks: readonly string[],
  legend: Record<string, unknown> | null,
): Record<string, unknown> {
  const range = placesOf(arms).map((place) => looks[place % looks.length]);
  return {
    field,
    type: "nominal",
    scale: { domain: arms, range },
    legend: legend && { title: null, orient: "bottom", columns: 4, ...legend },
  };
}

/** Colour by arm. `legend` false where arms carry direct labels. */
export function armColour(
  field: string,
  arms: readonly string[],
  legend: boolean,
): Record<string, unknown> {
  return byArm(field, arms, PALETTE, legend ? { symbolType: "circle" } : null);
}

/** Mark shape by arm, so that no arm is told by its colour alone. */
export function armShape(
  field: string,
  arms: readonly string[],
  legend: boolean,
): Record<string, unknown> {
  return byArm(field, arms, SHAPES, legend ? {} : null);
}

/** Width in px of the longest label, at LABEL_SIZE. */
export function labelRoom(labels: readonly string[]): number {
  return Math.ceil(Math.max(...labels.map((label) => label.length)) * LABEL_ADVANCE) + 14;
}

/**
 * Moves values apart until neighbours are at least `gap` from one another, keeping their order and,
 * as far as that allows, their centre.
 */
export function spread(values: readonly number[], gap: number): number[] {
  const order = values.map((_, index) => index)
    .sort((a, b) => (values[a] as number) - (values[b] as number) || a - b);
  let groups = order.map((index) => ({ centre: values[index] as number, members: [index] }));
  for (let merged = true; merged;) {
    merged = false;
    const next: typeof groups = [];
    for (const group of groups) {
      const last = next.at(-1);
      const reach = gap * ((last?.members.length ?? 0) + group.members.length) / 2;
      if (last !== undefined && group.centre - last.centre < reach - 1e-12) {
        const members = [...last.members, ...group.members];
        const total = members.reduce((sum, index) => sum + (values[index] as number), 0);
        next[next.length - 1] = { centre: total / members.length, members };
        merged = true;
      } else {
        next.push(group);
      }
    }
    groups = next;
  }
  const placed = [...values];
  for (const { centre, members } of groups) {
    members.forEach((index, rank) => {
      placed[index] = centre + (rank - (members.length - 1) / 2) * gap;
    });
  }
  return placed;
}

/** Puts data, panels (one for each value of `panel`), text and theme around the layers. */
export function figure<Row extends { readonly panel?: string }>(
  parts: FigureParts<Row>,
): TopLevelSpec {
  const panels = distinct(parts.rows.map((row) => row.panel ?? ""));
  const unit = {
    width: parts.width,
    height: parts.height,
    layer: parts.layer,
  };
  const spec = {
    $schema: SCHEMA,
    description: parts.title,
    title: {
      text: parts.title,
      ...(parts.subtitle === undefined ? {} : { subtitle: parts.subtitle }),
    },
    data: { values: parts.rows },
    ...(panels.length === 1 ? unit : {
      facet: {
        field: "panel",
        type: "nominal",
        sort: panels,
        header: { title: null, labelAnchor: "start" },
      },
      columns: parts.columns ?? (panels.length === 4 ? 2 : Math.min(panels.length, 3)),
      spacing: 24,
      spec: unit,
    }),
    config: CONFIG,
  };
  return spec as unknown as TopLevelSpec;
}
