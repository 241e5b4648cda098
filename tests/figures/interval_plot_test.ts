import assert from "node:assert/strict";
import { intervalPlot, type Plot, renderSvg } from "../../lib/figures/mod.ts";
import { robustRange } from "../../lib/figures/robust_range.ts";
import { judgeClaims } from "../../lib/study/judge_claims.ts";
import { contrasts } from "../../lib/study/contrasts.ts";
import type { StudyRow } from "../../lib/study/rows.ts";
import { contrast } from "./rows.ts";

/** Gold rewards of two arms by seed; the arms differ by 1, 2 and 3. */
const STUDY = [["sera", [2, 5, 9]], ["dpo", [1, 3, 6]]].flatMap(([arm, values]) =>
  (values as number[]).map((gold, seed) => ({
    ...{ study: "s", condition: "c", conditionLabel: "no flips", flipRate: 0, warnings: [] },
    ...{ arm, armLabel: String(arm).toUpperCase(), seed, hash: "", iteration: 1, last: true, gold },
  }))
) as unknown as StudyRow<{ readonly flipRate: number }>[];

interface Mark {
  readonly kind: string;
  readonly label: string;
  readonly panel: string;
  readonly x: number;
  readonly from: number;
  readonly to: number;
  readonly seed: number;
  readonly side?: string;
  readonly sign: string;
  readonly text: string;
}

const marksOf = (plot: Plot, kind: string) =>
  (plot as unknown as { data: { values: Mark[] } }).data.values.filter((row) => row.kind === kind);
const plotOf = (rows: readonly ReturnType<typeof contrast>[], more = {}) =>
  intervalPlot(rows, { title: "t", ...more });

Deno.test("what is drawn is the contrast, every seed of it, and what the verdict rests on", async () => {
  const gain = contrasts(STUDY, "gold", [["sera", "dpo"]]);
  const plot = intervalPlot(gain, { title: "t", facet: "flipRate" });
  // t quantile 4.30265 for 2 degrees of freedom: 2 +- 4.30265 / sqrt(3)
  const [mean] = marksOf(plot, "mean") as [Mark];
  const [interval] = marksOf(plot, "interval") as [Mark];
  assert.deepEqual([mean.label, mean.x], ["SERA \u2212\u00a0DPO", 2]);
  assert.ok(Math.abs(interval.from - (2 - 2.48414)) < 1e-4, `${interval.from}`);
  assert.ok(Math.abs(interval.to - (2 + 2.48414)) < 1e-4, `${interval.to}`);
  assert.deepEqual(marksOf(plot, "seed").map(({ seed, x }) => [seed, x]), [[0, 1], [1, 2], [2, 3]]);
  assert.equal(mean.panel, "flipRate 0");
  const claim = {
    ...{ id: "a", text: "", metric: "gold", condition: "c", arm: "sera", baseline: "dpo" } as const,
    ...{ direction: "higher", smallestEffect: 0.1, seeds: 3 } as const,
  };
  const judged = judgeClaims([claim], STUDY)[0]?.contrast;
  assert.deepEqual([judged?.mean, judged?.low, judged?.high], [mean.x, interval.from, interval.to]);
  assert.match(await renderSvg(plot), />\+2\.00 \[\u22120\.48, \+4\.48\]</);
});

Deno.test("swapping arm and baseline mirrors the figure", () => {
  const drawn = (arms: [string, string]) => {
    const plot = intervalPlot(contrasts(STUDY, "gold", [arms]), { title: "t" });
    return marksOf(plot, "seed").map(({ x }) => x);
  };
  assert.deepEqual(drawn(["sera", "dpo"]), [1, 2, 3]);
  assert.deepEqual(drawn(["dpo", "sera"]), [-1, -2, -3]);
});

Deno.test("colour follows from where zero lies", () => {
  const rows = [
    contrast("a", [1, 1.1, 1.2]),
    contrast("b", [-1, -1.1, -1.2]),
    contrast("c", [-1, 1]),
  ];
  assert.deepEqual(marksOf(plotOf(rows), "interval").map(({ sign }) => sign), [
    "above zero",
    "below zero",
    "zero inside",
  ]);
});

Deno.test("equal differences are a grey mean without an interval, and leave the axis alone", async () => {
  const rows = [contrast("a", [0.25, 0.25, 0.25]), contrast("b", [-0.5, 0.1, 0.5])];
  const plot = plotOf(rows);
  assert.deepEqual(marksOf(plot, "interval").map(({ label }) => label), ["b"]);
  assert.deepEqual(marksOf(plot, "mean").map(({ sign }) => sign), ["zero inside", "zero inside"]);
  assert.deepEqual(marksOf(plot, "text").map(({ text }) => text)[0], "+0.25");
  const svg = await renderSvg(plot);
  assert.doesNotMatch(svg, /NaN/);
  assert.match(svg, />\+0\.25</);
  assert.doesNotMatch(JSON.stringify(plot), /null,null/);
});

Deno.test("a far seed does not stretch the axis; arrows and the subtitle say so", async () => {
  const near = ["a", "b", "c", "d"].map((name) => contrast(name, [0.1, 0.2, 0.3, 0.25]));
  const far = contrast("far", [0.1, 0.2, 0.3, -50]);
  const svg = await renderSvg(plotOf([...near, far]));
  assert.match(svg, /beyond the axis.*1 seed, 1 contrast/s);
  assert.doesNotMatch(await renderSvg(plotOf(near)), /beyond the axis/);
  const seeds = marksOf(plotOf([...near, far]), "seed");
  assert.equal(seeds.length, 4 * 4 + 3);
  const [clipped] = marksOf(plotOf([...near, far]), "seed beyond") as [Mark];
  assert.deepEqual([clipped.seed, clipped.side, clipped.text], [3, "left", "\u221250.00"]);
  assert.ok(clipped.x > -1, "drawn at the edge");
  // The ends of the far interval and its mean.
  assert.deepEqual(
    marksOf(plotOf([...near, far]), "mean beyond").map(({ side }) => side).sort(),
    ["left", "left", "right"],
  );
});

Deno.test("the axis keeps a group that differs from the rest, and drops single far values", () => {
  const near = Array.from({ length: 20 }, (_, i) => i / 20);
  assert.deepEqual(robustRange([...near, 9]), [0, 0.95]);
  assert.deepEqual(robustRange([...near, 9, 9.1, 9.2, 9.3]), [0, 9.3]);
  assert.deepEqual(robustRange([...near, 1.5]), [0, 1.5]);
  assert.deepEqual(robustRange([0, 0]), [0, 0]);
});

Deno.test("a ratio is labelled in times, on a logarithmic axis", async () => {
  const times = contrast("twice as long", [Math.log(1.9), Math.log(2.1), Math.log(2)]);
  const less = contrast("two thirds", [Math.log(0.6), Math.log(0.7), Math.log(0.66)]);
  const svg = await renderSvg(plotOf([times, less], { ratio: true }));
  for (const text of ["\u00d71/1.5", "\u00d71", "\u00d71.5", "\u00d72"]) {
    assert.ok(svg.includes(`>${text}</text>`), text);
  }
  assert.match(svg, />\u00d72\.00 \[\u00d71\.76, \u00d72\.26\]</);
});

Deno.test("the number of seeds stands beside each where it is not the same in all", async () => {
  const one = contrast("a", [1, 2, 3]);
  const svg = await renderSvg(plotOf([one, contrast("b", [1, 2])]));
  assert.match(svg, /, n 3<.*, n 2</s);
  assert.doesNotMatch(await renderSvg(plotOf([one, contrast("b", [1, 2, 4])])), /, n 3</);
});

Deno.test("claims and exploratory contrasts are told apart; so are seeds that collapsed", async () => {
  const collapsed = { collapsed: 0.25, baselineCollapsed: 0 };
  const claimed = { ...contrast("a", [1, 2, 3]), claim: "sera-better", ...collapsed };
  const other = { ...contrast("b", [1, 2, 4]), claim: null };
  const mixed = await renderSvg(plotOf([claimed, other]));
  assert.match(mixed, /\u25cf claim, \u25c6 exploratory/);
  assert.match(mixed, />collapsed: 25 % against 0 %</);
  const shapes = marksOf(plotOf([claimed, other]), "mean") as unknown as { exploratory: boolean }[];
  assert.deepEqual(shapes.map(({ exploratory }) => exploratory), [false, true]);
  assert.match(await renderSvg(plotOf([other])), /a dot is a seed; exploratory/);
  assert.doesNotMatch(await renderSvg(plotOf([claimed])), /exploratory/);
  assert.doesNotMatch(await renderSvg(plotOf([other])), /collapsed/);
});

Deno.test("the subtitle says where intervals come from", async () => {
  const skewed = contrast("a", [0.1, 0.12, 0.11, 0.13, 0.09, 0.1, 0.12, -0.5]);
  const plain = contrast("b", [1, 2, 3]);
  const subtitle = async (...rows: typeof plain[]) => await renderSvg(plotOf(rows));
  assert.match(await subtitle(skewed), /95 % bootstrap-t intervals/);
  assert.match(await subtitle(plain), /95 % t intervals/);
  assert.match(await subtitle(skewed, plain), /\(t; bootstrap-t where skewed\)/);
});

Deno.test("two contrasts on one line are refused", () => {
  assert.throws(() => plotOf([contrast("a", [1, 2]), contrast("a", [3, 4])]), {
    name: "UserError",
    message: /two contrasts are called/,
  });
});
