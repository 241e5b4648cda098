/** Where the seconds of an arm go: scoring, generation, update. */
import { distinct, type Field, labelOf } from "./fields.ts";
import { armLooks } from "./looks.ts";
import { groupsOf, meanOf } from "./means.ts";
import { numberText } from "./number_text.ts";
import { panelColumns, type Plot, plotOf, type PlotOptions, requireSome } from "./plot.ts";
import { LABEL_SIZE } from "./theme.ts";

/** Bars and their parts. */
export interface PhasePlotOptions<Row> extends PlotOptions<Row> {
  /** One bar for each value. Default: "armLabel". */
  readonly series?: Field<Row>;
  /** Each phase's name and its seconds. Default: update, scoring and generation of study rows. */
  readonly phases?: Readonly<Record<string, Field<Row>>>;
}

const PHASES = {
  update: "updateSeconds",
  scoring: "scoringSeconds",
  generation: "generationSeconds",
} as const;

/**
 * Stacked bars of mean seconds over the rows given (seeds and iterations), with totals.
 *
 * @throws {UserError} where no row has seconds
 */
export function phasePlot<Row extends object>(
  rows: readonly Row[],
  options: PhasePlotOptions<Row>,
): Plot {
  const { title, facet, series = "armLabel" as Field<Row> } = options;
  const { phases = PHASES as unknown as Readonly<Record<string, Field<Row>>> } = options;
  const bars = groupsOf(title, rows, [facet, series], ["seed", "iteration"]).flatMap((group) =>
    Object.entries(phases).flatMap(([phase, field], rank) => {
      const mean = meanOf(group, field)?.mean;
      const row = group[0] as Row;
      const [panel, arm] = [labelOf(row, facet), labelOf(row, series)];
      if (mean === undefined) return [];
      return [{ panel, arm, phase, rank, seconds: mean, text: `${numberText(mean)} s` }];
    })
  );
  requireSome(title, bars, "seconds");
  const arms = distinct(bars.map((bar) => bar.arm));
  const panels = distinct(bars.map((bar) => bar.panel));
  const width = panels.length > 1 ? 220 : 380;
  const columns = panelColumns(panels.length, 2);
  const x = { field: "seconds", type: "quantitative", title: "seconds", scale: { nice: false } };
  const y = {
    field: "arm",
    type: "nominal",
    sort: arms,
    title: null,
    axis: { ticks: false, domain: false },
  };
  const layer = [
    {
      mark: { type: "bar", stroke: "white", strokeWidth: 1, height: { band: 0.7 } },
      encoding: {
        x: { ...x, stack: "zero" },
        y,
        color: armLooks("phase", Object.keys(phases), columns * width).color,
        order: { field: "rank", type: "quantitative" },
        tooltip: [{ field: "arm" }, { field: "phase" }, { field: "text", title: "mean" }],
      },
    },
    {
      mark: { type: "text", align: "left", dx: 6, fontSize: LABEL_SIZE },
      transform: [{
        aggregate: [{ op: "sum", field: "seconds", as: "seconds" }],
        groupby: ["arm"],
      }],
      encoding: { x, y, text: { field: "seconds", type: "quantitative", format: ".3~r" } },
    },
  ];
  return plotOf({
    title,
    subtitle: options.subtitle ?? "means over seeds and iterations",
    rows: bars,
    layer,
    width,
    height: Math.max(50, arms.length * 28),
    columns,
    beside: 110,
  });
}
