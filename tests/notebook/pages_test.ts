import assert from "node:assert/strict";
import { join } from "node:path";
import { writeFigures } from "../../experiments/pages/write_figures.ts";
import { notebooksOf } from "../../experiments/commands/reproduce/notebooks.ts";
import { joined, readNotebook } from "../../tools/notebooks/notebook.ts";
import { pages } from "../../experiments/pages/pages.ts";
import { studies } from "../../experiments/studies/studies.ts";
import { renderSvg } from "../../lib/figures/mod.ts";
import { syntheticRows } from "./synthetic_rows.ts";

for (const study of studies) {
  const page = pages[study.id];

  Deno.test(`page ${study.id}: every figure draws from full rows, none without rows`, async () => {
    assert.equal(page.study, study);
    assert.equal(new Set(page.figures.map((figure) => figure.id)).size, page.figures.length);
    const rows = syntheticRows(study, "full");
    for (const figure of page.figures) {
      const spec = figure.draw(rows);
      assert.ok(spec, `${figure.id} drew nothing`);
      assert.match(await renderSvg(spec), /^<svg/);
      assert.equal(figure.draw([]), undefined, `${figure.id} drew from nothing`);
    }
  });

  Deno.test(`page ${study.id}: the main figure draws from the smoke preset`, async () => {
    const spec = page.figures[0].draw(syntheticRows(study, "smoke"));
    assert.ok(spec);
    assert.match(await renderSvg(spec), /^<svg/);
  });
}

Deno.test("each study has its notebook, which asks the study's question", () => {
  const notebooks = notebooksOf(studies.map((study) => study.id));
  assert.equal(notebooks.length, studies.length);
  for (const [index, study] of studies.entries()) {
    const { cells } = readNotebook(notebooks[index] as string);
    const prose = joined(cells[0]?.source).replaceAll(/\s+/g, " ");
    assert.equal(prose, `# ${study.title} ${study.question}`);
    const code = cells.map((cell) => joined(cell.source)).join("\n");
    for (const { id } of pages[study.id].figures) {
      assert.ok(code.includes(`page.showFigure("${id}")`), `${study.id} does not show ${id}`);
    }
  }
});

Deno.test("figures written from equal rows are equal files", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const rows = syntheticRows(pages.gamma.study, "quick");
    const names = await writeFigures(join(folder, "a"), "gamma", rows);
    assert.deepEqual(await writeFigures(join(folder, "b"), "gamma", rows), names);
    assert.equal(names.length, pages.gamma.figures.length);
    for (const name of names) {
      const [a, b] = ["a", "b"].map((part) => Deno.readTextFileSync(join(folder, part, name)));
      assert.equal(a, b);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
