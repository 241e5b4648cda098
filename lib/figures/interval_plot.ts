/** Paired differences: every seed as a dot beside mean and interval. */
import { distinct, type Field, labelOf } from "./fields.ts";
import { UserError } from "../errors.ts";
import { intervalsText, seedsText } from "./means.ts";
import { type Interval, intervalText, ratioText } from "./number_text.ts";
import {
  LINES,
  panelColumns,
  type Plot,
  plotOf,
  type PlotOptions,
  requireSome,
  wrapText,
} from "./plot.ts";
import { robustRange } from "./robust_range.ts";
import { LABEL_ADVANCE, LABEL_SIZE, NEUTRAL, PALETTE } from "./theme.ts";

/** What the plot reads of a contrast. */
export interface DrawnContrast extends Interval {
  /** What is compared, e.g. "SeRA - DPO". */
  readonly label: string;
  /** Seeds that have both arms. */
  readonly n: number;
  /** Each seed's difference. */
  readonly pairs: readonly { readonly seed: number; readonly difference: number }[];
  /** A row of the arm, for facets by its factors. */
  readonly row: object;
  /** What the interval comes from; default: t. */
  readonly method?: "t" | "bootstrap-t";
  /** Id of the claim that it is; null: exploratory; absent: not told. */
  readonly claim?: string | null;
  /** Shares of the seeds of arm and baseline that collapsed; told where they are not 0. */
  readonly collapsed?: number;
  /** The baseline's. */
  readonly baselineCollapsed?: number;
}

/** Text and axis of the plot of differences. */
export interface IntervalPlotOptions<C extends DrawnContrast>
  extends Omit<PlotOptions<C>, "facet"> {
  /** One panel for each value of a field of the contrast or of its row, or of a function. */
  readonly facet?: Field<C> | (keyof C["row"] & string);
  /** What stands left of each contrast. Default: its label. */
  readonly label?: Field<C>;
  /** What the difference measures, with its unit. */
  readonly xTitle?: string;
  /** The differences are of natural logarithms: the axis shows ratios. Default false. */
  readonly ratio?: boolean;
}

/**
 * Means, 95 % intervals and every seed's difference, one line a contrast, coloured where zero lies
 * outside (before any correction: a coloured claim may be undecided). Claims have a round mean,
 * exploratory contrasts a diamond; shares of collapsed seeds stand beside those that have any. A few
 * far values do not stretch the axis: arrows at its edge stand for them. Where there is no interval
 * (one seed, equal differences) none is drawn, and the mean is grey.
 *
 * @throws {UserError} without contrasts
 */
export function intervalPlot<C extends DrawnContrast>(
  contrasts: readonly C[],
  options: IntervalPlotOptions<C>,
): Plot {
  const { title, label = "label" as Field<C>, facet, ratio = false } = options;
  requireSome(title, contrasts, "a difference of two seeds");
  const panelOf = (c: C) => facet === undefined ? "" : labelOf(...facetOf(c, facet));
  const names = contrasts.map((c) => `${panelOf(c)}: ${labelOf(c, label)}`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new UserError(`plot "${title}": two contrasts are called "${twice}"; set label or facet`);
  }
  const xTitle = options.xTitle ?? (ratio ? "ratio" : "difference");
  const seedsOf = distinct(contrasts.map(({ n }) => n));
  const valueText = (value: number) => {
    const one = { mean: value, low: NaN, high: NaN };
    return ratio ? ratioText(one) : intervalText(one);
  };
  const [low, high] = robustRange([
    0,
    ...contrasts.flatMap((c) => [c.low, c.high, ...c.pairs.map((pair) => pair.difference)]),
  ]);
  const clamp = (value: number) => Math.min(high, Math.max(low, value));
  const sideOf = (value: number) => value < low ? "left" : value > high ? "right" : null;
  const rows = contrasts.flatMap((c) => {
    const place = {
      panel: panelOf(c),
      label: wrapText(labelOf(c, label).replaceAll("\u2212 ", "\u2212\u00a0"), 22).join("\n"),
      sign: c.low > 0 ? "above zero" : c.high < 0 ? "below zero" : "zero inside",
      exploratory: c.claim === null,
    };
    const collapses = collapsedText(c);
    const text = ratio ? ratioText(c) : intervalText(c);
    const mark = (kind: string, value: number, more: object) => {
      const beyond = sideOf(value);
      const at = { x: clamp(value), ...more };
      return beyond === null
        ? { ...place, kind, ...at }
        : { ...place, kind: `${kind} beyond`, side: beyond, ...at };
    };
    const interval = { from: clamp(c.low), to: clamp(c.high), text, n: c.n };
    const ends = [c.low, c.high].filter((end) => sideOf(end) !== null);
    return [
      ...(Number.isNaN(c.low) ? [] : [{ ...place, kind: "interval", ...interval }]),
      mark("mean", c.mean, { text, n: c.n }),
      ...ends.map((end) => mark("mean", end, { text, n: c.n })),
      ...c.pairs.map(({ seed, difference }) =>
        mark("seed", difference, { seed, text: valueText(difference) })
      ),
      {
        ...place,
        kind: "text",
        text: text + (seedsOf.length > 1 ? `, n ${c.n}` : ""),
      },
      ...(collapses === "" ? [] : [{ ...place, kind: "collapsed", text: collapses }]),
    ];
  });
  const none = ratio ? "\u00d71" : "0";
  const subtitle = options.subtitle ??
    `${seedsText(seedsOf, "paired seeds", intervalsText(contrasts))}; a dot is a seed` +
      `${kindsText(contrasts)}; blue: above ${none}, orange: below (uncorrected)`;
  const beyond = contrasts.map((c) => ({
    seeds: c.pairs.filter(({ difference }) => sideOf(difference) !== null).length,
    contrasts: [c.low, c.mean, c.high].some((value) => sideOf(value) !== null) ? 1 : 0,
  }));
  const arrows = (["seeds", "contrasts"] as const).flatMap((kind) => {
    const count = beyond.reduce((sum, each) => sum + each[kind], 0);
    return count === 0 ? [] : [`${count} ${count === 1 ? kind.slice(0, -1) : kind}`];
  });
  const clipped = arrows.length === 0
    ? ""
    : `; beyond the axis (\u25c2 \u25b8): ${arrows.join(", ")}`;
  const panels = distinct(rows.map((row) => row.panel));
  const labels = distinct(rows.map((row) => row.label));
  const lines = labels.map((each) => each.split("\n"));
  const step = Math.max(30, 14 * Math.max(...lines.map((each) => each.length)) + 6);
  return plotOf({
    title,
    subtitle: subtitle + clipped,
    rows: [...rows, ...panels.map((panel) => ({ panel, kind: "zero", x: 0 }))],
    layer: layersOf({ low, high }, { ratio, xTitle, labels }),
    width: panels.length > 1 ? 190 : 300,
    height: labels.length * step,
    columns: panelColumns(panels.length, 2),
    beside: LABEL_ADVANCE * (Math.max(...lines.flat().map((line) => line.length)) + 24),
  });
}

/** "collapsed: 20 % against 0 %"; empty where no seed of either arm did. */
function collapsedText({ collapsed = 0, baselineCollapsed = 0 }: DrawnContrast): string {
  if (collapsed + baselineCollapsed === 0) return "";
  const share = (value: number) => `${Math.round(100 * value)} %`;
  return `collapsed: ${share(collapsed)} against ${share(baselineCollapsed)}`;
}

/** Which contrasts are claims; nothing where that is not told. */
function kindsText(contrasts: readonly DrawnContrast[]): string {
  const exploratory = contrasts.filter(({ claim }) => claim === null).length;
  if (exploratory === 0) return "";
  return exploratory === contrasts.length ? "; exploratory" : "; \u25cf claim, \u25c6 exploratory";
}

function facetOf<C extends DrawnContrast>(
  contrast: C,
  facet: Field<C> | (keyof C["row"] & string),
): [row: object, field: Field<object>] {
  const ofRow = typeof facet === "string" && !(facet in contrast);
  return [ofRow ? contrast.row : contrast, facet as Field<object>];
}

function layersOf(
  { low, high }: { low: number; high: number },
  { ratio, xTitle, labels }: { ratio: boolean; xTitle: string; labels: readonly string[] },
): object[] {
  const pad = (high - low || 1) * 0.04;
  const x = {
    field: "x",
    type: "quantitative",
    title: xTitle,
    scale: { domain: [low - pad, high + pad], nice: false, zero: false },
    axis: ratio ? ratioAxis(low, high) : {
      tickCount: 5,
      labelExpr: "datum.value == 0 ? '0' : format(datum.value, '+.2~f')",
    },
  };
  const y = {
    field: "label",
    type: "nominal",
    sort: labels,
    title: null,
    axis: {
      ...{ grid: false, ticks: false, domain: false, labelPadding: 8 },
      ...LINES,
    },
  };
  const color = {
    field: "sign",
    type: "nominal",
    scale: {
      domain: ["above zero", "zero inside", "below zero"],
      range: [PALETTE[0], NEUTRAL, PALETTE[1]],
    },
    legend: null,
  };
  const shape = {
    field: "side",
    type: "nominal",
    scale: { domain: ["left", "right"], range: ["triangle-left", "triangle-right"] },
    legend: null,
  };
  const shown = { field: "text", title: xTitle };
  const tips = {
    mean: [{ field: "label", title: "contrast" }, shown, { field: "n", title: "seeds" }],
    seed: [{ field: "label", title: "contrast" }, { field: "seed" }, shown],
  };
  const layer = (kind: string, mark: object, encoding: object) => ({
    mark,
    transform: [{ filter: `datum.kind == '${kind}'` }],
    encoding: { y, color, ...encoding },
  });
  const kindShape = { condition: { test: "datum.exploratory", value: "diamond" }, value: "circle" };
  const point = (kind: "mean" | "seed", size: number, opacity: number, beyond = false) =>
    layer(beyond ? `${kind} beyond` : kind, {
      ...{ type: "point", filled: true, size, opacity, yOffset: kind === "mean" ? -5 : 7 },
    }, {
      ...{ x, tooltip: tips[kind] },
      ...(beyond ? { shape } : kind === "mean" ? { shape: kindShape } : {}),
    });
  const beside = (kind: string, yOffset: number, fontSize: number) =>
    layer(kind, { type: "text", align: "left", dx: 10, yOffset, fontSize }, {
      x: { value: "width" },
      text: { field: "text" },
    });
  return [
    {
      mark: { type: "rule", color: "#000000" },
      transform: [{ filter: "datum.kind == 'zero'" }],
      encoding: { x },
    },
    layer("interval", { type: "rule", strokeWidth: 2, yOffset: -5 }, {
      x: { ...x, field: "from" },
      x2: { field: "to" },
      tooltip: tips.mean,
    }),
    point("seed", 22, 0.55),
    point("mean", 64, 1),
    point("seed", 60, 0.8, true),
    point("mean", 110, 1, true),
    beside("text", -5, LABEL_SIZE),
    beside("collapsed", 8, LABEL_SIZE - 1),
  ];
}

/** Ratios that an axis of logarithms is labelled with: as few of them as show its range. */
const RATIOS = [
  [1, 2, 5, 10, 20, 50, 100, 1000],
  [1, 1.5, 2, 3, 5, 8],
  [1, 1.2, 1.5, 2],
  [1, 1.1, 1.2, 1.3, 1.4],
  [1, 1.02, 1.05, 1.1],
] as const;

function ratioAxis(low: number, high: number): object {
  const ticksOf = (ratios: readonly number[]) =>
    ratios.map(Math.log).flatMap((log) => log === 0 ? [0] : [-log, log])
      .filter((log) => log >= low - 1e-9 && log <= high + 1e-9).sort((a, b) => a - b);
  const values = RATIOS.map(ticksOf).find((ticks) => ticks.length >= 4) ?? [0];
  return {
    values,
    labelExpr: "'\u00d7' + (datum.value < -1e-9 ? '1/' : '') + " +
      "format(exp(abs(datum.value)), '.3~g')",
  };
}
