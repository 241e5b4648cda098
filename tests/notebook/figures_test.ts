import assert from "node:assert/strict";
import { join } from "node:path";
import { figureFindings, shownFigures, writeFigures } from "../../tools/notebooks/figures.ts";

function notebook(...figures: (readonly [id: string | undefined, svg: string])[]): string {
  const outputs = figures.map(([id, svg]) => ({
    output_type: "display_data",
    data: { "image/svg+xml": svg.split(/(?<=\n)/) },
    metadata: id === undefined ? {} : { sera: { figure: id } },
  }));
  return JSON.stringify({
    nbformat: 4,
    metadata: {},
    cells: [{ cell_type: "code", source: "", outputs }],
  });
}

Deno.test("figures are what the notebooks show, byte for byte, and nothing else", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [one, two] = ["1.ipynb", "2.ipynb"].map((name) => join(folder, name)) as [string, string];
    Deno.writeTextFileSync(one, notebook(["a", "<svg>\n\u2212</svg>"], [undefined, "<svg/>"]));
    Deno.writeTextFileSync(two, notebook(["b", "<svg>b</svg>"]));
    const figures = shownFigures([one, two]);
    const out = join(folder, "out");
    assert.deepEqual(figureFindings(out, figures), ["a.svg is missing", "b.svg is missing"]);
    writeFigures(out, figures);
    assert.deepEqual(figureFindings(out, figures), []);
    assert.equal(Deno.readTextFileSync(join(out, "a.svg")), "<svg>\n\u2212</svg>");
    Deno.writeTextFileSync(join(out, "a.svg"), "<svg>other</svg>");
    Deno.writeTextFileSync(join(out, "old.svg"), "<svg/>");
    assert.deepEqual(figureFindings(out, figures), [
      "a.svg is not what its notebook shows",
      "old.svg is shown by no notebook",
    ]);
    writeFigures(out, figures);
    assert.deepEqual(figureFindings(out, figures), []);
    Deno.writeTextFileSync(two, notebook(["a", "<svg>b</svg>"]));
    assert.throws(() => shownFigures([one, two]), {
      name: "UserError",
      message: /1\.ipynb and 2\.ipynb show two figures "a"/,
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
