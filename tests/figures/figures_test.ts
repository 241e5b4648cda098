import assert from "node:assert/strict";
import { logLogSlope, renderPng, renderSvg } from "../../lib/figures/mod.ts";
import { armColour, spread } from "../../lib/figures/layout.ts";
import { EXAMPLES } from "./rows.ts";

type Builder = (rows?: never[]) => Parameters<typeof renderSvg>[0];

for (const [name, builder] of Object.entries(EXAMPLES) as [string, Builder][]) {
  Deno.test(`figure ${name}: SVG with text, byte-identical when drawn again`, async () => {
    const first = await renderSvg(builder());
    await renderSvg(EXAMPLES.heatmap()); // another figure between must not change ids
    assert.equal(await renderSvg(builder()), first);
    assert.match(first, /^<svg [^>]*>/);
    assert.match(first, /<text [^>]*>[^<]+<\/text>/);
    assert.doesNotMatch(first, /NaN|undefined|null|Infinity/);
  });

  Deno.test(`figure ${name}: an empty table is refused`, () => {
    assert.throws(() => builder([]), { name: "UserError", message: /figure .*no rows/ });
  });
}

Deno.test("a value that is not finite is refused with its row and field", () => {
  assert.throws(
    () =>
      EXAMPLES.frontier([{
        arm: "a",
        kl: NaN,
        klLow: 0,
        klHigh: 1,
        gold: 1,
        goldLow: 1,
        goldHigh: 1,
      }]),
    {
      name: "UserError",
      message: /row 0, field "kl" is NaN/,
    },
  );
});

Deno.test("PNG: twice the size of the SVG, same bytes when drawn again, text drawn", async () => {
  const svg = await renderSvg(EXAMPLES.intervals());
  const png = renderPng(svg);
  assert.deepEqual([...png.bytes.subarray(1, 4)], [0x50, 0x4e, 0x47]);
  const view = new DataView(png.bytes.buffer, png.bytes.byteOffset);
  assert.ok(Math.abs(view.getUint32(16) - 2 * png.width) <= 1);
  assert.deepEqual(renderPng(svg).bytes, png.bytes);
  const without = renderPng(svg.replaceAll(/<text [^>]*>[^<]*<\/text>/g, ""));
  assert.ok(
    png.bytes.length > without.bytes.length * 1.5,
    "text leaves no mark: is the font loaded?",
  );
});

Deno.test("intervals: the number of seeds stands beside each where it is not the same in all", async () => {
  const row = (seeds: number) => ({ label: `${seeds}`, difference: 1, low: 0, high: 2, seeds });
  const text = (rows: { seeds: number }[]) => renderSvg(EXAMPLES.intervals(rows as never));
  assert.match(await text([row(5), row(10)]), / n 5<.* n 10</s);
  assert.doesNotMatch(await text([row(5), { ...row(5), label: "b" }]), / n 5</);
});

Deno.test("an arm that many figures show looks the same in all; the others differ from it", () => {
  const looks = (arms: string[]) => {
    const { scale } = armColour("arm", arms, false) as { scale: { range: string[] } };
    return new Map(arms.map((arm, i) => [arm, scale.range[i]]));
  };
  const one = looks(["DPO", "SeRA", "oracle"]);
  const two = looks(["oracle", "middle", "SeRA", "DPO"]);
  for (const arm of ["DPO", "SeRA"]) assert.equal(one.get(arm), two.get(arm), arm);
  assert.equal(new Set(one.values()).size, 3);
  assert.equal(new Set(two.values()).size, 4);
});

Deno.test("labels are spread apart, in order and around where they were", () => {
  const placed = spread([1, 1, 1.05, 3], 0.5);
  const sorted = [...placed].sort((a, b) => a - b);
  sorted.slice(1).forEach((value, i) => assert.ok(value - (sorted[i] as number) >= 0.5 - 1e-9));
  assert.equal(placed[3], 3);
  assert.ok(
    Math.abs((placed[0] as number) + (placed[1] as number) + (placed[2] as number) - 3.05) < 1e-9,
  );
});

Deno.test("log-log slope recovers the power of a power law", () => {
  const points = [1, 2, 4, 8].map((size) => ({ size, seconds: 3 * size ** 1.5 }));
  assert.ok(Math.abs(logLogSlope(points) - 1.5) < 1e-9);
  assert.ok(Number.isNaN(logLogSlope(points.slice(0, 1))));
});
