import assert from "node:assert/strict";
import { agreementPlot, type Plot } from "../../lib/figures/mod.ts";

/** A contrast whose differences are given as mean and half of the interval. */
const double = (label: string, [x, halfX]: [number, number], [y, halfY]: [number, number]) => ({
  label,
  x: { mean: x, low: x - halfX, high: x + halfX },
  y: { mean: y, low: y - halfY, high: y + halfY },
  n: 4,
});
const NEAR = Array.from(
  { length: 9 },
  (_, i) => double(`${i}`, [-0.01 * i, 0.02], [0.1 * i, 0.25]),
);
const options = { title: "t", series: () => "all", xTitle: "accuracy", yTitle: "gold" };

interface Drawn {
  readonly data: { readonly values: { label?: string; clear?: boolean; xText?: string }[] };
  readonly title: { readonly subtitle: string[] };
}
const drawn = (plot: Plot) => plot as unknown as Drawn;
const subtitleOf = (plot: Plot) => drawn(plot).title.subtitle.join(" ");

Deno.test("marks are large where 0 lies outside the interval of the height, whatever the other's", () => {
  const marks = drawn(agreementPlot(NEAR, options)).data.values.filter(({ label }) => label);
  assert.deepEqual(marks.map(({ clear }) => clear), NEAR.map(({ y }) => y.low > 0));
  assert.deepEqual(marks.map(({ clear }) => clear).indexOf(true), 3);
  assert.equal(marks[5]?.xText, "\u22120.050 [\u22120.070, \u22120.030]");
});

Deno.test("means beyond the axes are counted in the subtitle, with seeds and the height's name", () => {
  assert.match(
    subtitleOf(agreementPlot(NEAR, options)),
    /over 4 paired seeds.*interval of the gold/,
  );
  assert.doesNotMatch(subtitleOf(agreementPlot(NEAR, options)), /edge/);
  const far = double("collapses", [-0.02, 0.01], [-9, 0.1]);
  assert.match(subtitleOf(agreementPlot([...NEAR, far], options)), /at the edge, farther out: 1$/);
});
