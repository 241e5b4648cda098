import type { SelectionSummary } from "./selection_summary.ts";
import { BLUE, type Chart, GREY, ORANGE } from "./chart.ts";

const BINS = 24;

/** Histogram of the margins of one selection, kept and left out stacked. */
export function marginHistogram(selection: SelectionSummary): Chart {
  const { iteration, margins, kept, flipped } = selection;
  const least = margins.reduce((a, b) => Math.min(a, b), Infinity);
  const most = margins.reduce((a, b) => Math.max(a, b), -Infinity);
  const width = (most - least || 1) / BINS;
  const groupOf = (i: number) =>
    !kept[i] ? "left out" : flipped?.[i] ? "kept, label flipped" : "kept";
  const groups = flipped === undefined
    ? ["kept", "left out"]
    : ["kept", "kept, label flipped", "left out"];
  const counts = new Map(groups.map((group) => [group, new Array<number>(BINS).fill(0)]));
  margins.forEach((margin, i) => {
    const bin = Math.min(BINS - 1, Math.floor((margin - least) / width));
    const row = counts.get(groupOf(i)) as number[];
    row[bin] = (row[bin] as number) + 1;
  });
  const values = groups.flatMap((group) =>
    (counts.get(group) as number[]).map((pairs, bin) => ({
      group,
      pairs,
      from: least + bin * width,
      to: least + (bin + 1) * width,
    }))
  );
  const colours: Record<string, string> = {
    kept: BLUE,
    "kept, label flipped": ORANGE,
    "left out": GREY,
  };
  const view = {
    layer: [
      {
        data: { values },
        mark: { type: "bar", binSpacing: 1 },
        encoding: {
          x: {
            field: "from",
            type: "quantitative",
            title: "ensemble IRM",
            bin: { binned: true },
            scale: { zero: false },
          },
          x2: { field: "to" },
          y: { field: "pairs", type: "quantitative", title: "pairs", axis: { tickMinStep: 1 } },
          color: {
            field: "group",
            type: "nominal",
            scale: { domain: groups, range: groups.map((group) => colours[group]) },
          },
        },
      },
      {
        data: { values: least <= 0 && most >= 0 ? [{ zero: 0 }] : [] },
        mark: { type: "rule", color: GREY, strokeDash: [3, 3] },
        encoding: { x: { field: "zero", type: "quantitative" } },
      },
    ],
  };
  const keptCount = kept.filter(Boolean).length;
  return {
    view,
    title: `Margins in iteration ${iteration}`,
    caption: `${keptCount} of ${margins.length} given pairs kept. ` +
      "A negative margin: the policy disagrees with the label.",
    alt: `Histogram of ${margins.length} margins in iteration ${iteration}; ${keptCount} kept`,
  };
}
