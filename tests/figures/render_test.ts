import assert from "node:assert/strict";
import { renderPng, renderSvg } from "../../lib/figures/render.ts";
import { EMPTY, EXAMPLES } from "./rows.ts";

for (const [name, draw] of Object.entries(EXAMPLES)) {
  Deno.test(`plot ${name}: SVG with text, byte-identical when drawn again`, async () => {
    const first = await renderSvg(draw());
    await renderSvg(EXAMPLES.heatmap?.()!); // another plot between must not change ids
    assert.equal(await renderSvg(draw()), first);
    assert.match(first, /^<svg [^>]*>/);
    assert.match(first, /<text [^>]*>[^<]+<\/text>/);
    assert.doesNotMatch(first, /NaN|undefined|null|Infinity|\u2026/);
  });

  Deno.test(`plot ${name}: what shows a value says it when pointed at`, () => {
    for (const { mark, encoding } of layersOf(draw())) {
      if (["point", "bar", "rect"].includes(mark.type)) assert.ok(encoding.tooltip, mark.type);
    }
  });
}

function layersOf(plot: unknown) {
  const { spec, layer } = plot as { spec?: { layer: Layer[] }; layer?: Layer[] };
  return spec?.layer ?? layer ?? [];
}

interface Layer {
  readonly mark: { readonly type: string };
  readonly encoding: { readonly tooltip?: unknown };
}

for (const [name, draw] of Object.entries(EMPTY)) {
  Deno.test(`plot ${name}: no rows are refused`, () => {
    assert.throws(draw, { name: "UserError", message: /plot ".*": no row has .*; check/ });
  });
}

Deno.test("PNG: twice the size of the SVG, same bytes when drawn again, text drawn", async () => {
  const svg = await renderSvg(EXAMPLES.intervals?.()!);
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
