import assert from "node:assert/strict";
import { join } from "node:path";
import { checkNotebooks, shapeFindings } from "../../tools/notebooks/check.ts";
import { type Notebook, readNotebook } from "../../tools/notebooks/notebook.ts";
import { notebookPaths, ROOT } from "../../tools/notebooks/paths.ts";
import { verifyNotebook } from "../../tools/notebooks/verify.ts";
import { FIXTURE } from "./environment.ts";

function withCells(...sources: string[]): Notebook {
  return {
    nbformat: 4,
    metadata: { kernelspec: { name: "deno" }, language_info: { name: "typescript" } },
    cells: sources.map((source) => ({ cell_type: "code", source, outputs: [] })),
  };
}

Deno.test("code of the fixture and of every published notebook is fine", async () => {
  assert.deepEqual(await checkNotebooks([FIXTURE, ...notebookPaths([])]), []);
});

Deno.test("published notebooks are executed, complete and private to nobody's machine", () => {
  for (const path of notebookPaths([])) {
    assert.deepEqual(verifyNotebook(readNotebook(path)), [], path);
  }
});

Deno.test("a type error in a cell is found", async () => {
  const path = join(ROOT, "tests", "notebook", "fixtures", "broken.ipynb");
  try {
    Deno.writeTextFileSync(path, JSON.stringify(withCells('const n: number = "three";\nn;')));
    const findings = await checkNotebooks([path]);
    assert.match(findings.join("\n"), /not assignable to type 'number'/);
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("a cell of more than 25 lines is refused", () => {
  assert.match(shapeFindings(withCells("f();\n".repeat(26))).join(), /26 lines/);
  assert.deepEqual(shapeFindings(withCells("f();\n".repeat(25))), []);
});

Deno.test("verify finds what is missing, stopped or private", () => {
  const cell = (source: string, ...outputs: Record<string, unknown>[]) =>
    verifyNotebook({
      ...withCells(),
      cells: [{
        cell_type: "code",
        source,
        execution_count: 1,
        outputs: outputs.map((output) => ({ output_type: "display_data", ...output })) as never[],
      }],
    }).join();
  assert.match(cell("await showTable(rows);"), /displays 1 times but has 0 outputs/);
  assert.match(
    cell("x;", { metadata: { sera: { progress: { done: 3, total: 4 } } } }),
    /stopped at 3 of 4/,
  );
  assert.match(cell("x;", { output_type: "error", ename: "E", evalue: "no" }), /error: E: no/);
  for (const text of ["at file:///somewhere/x.ts", "in /home/somebody/sera"]) {
    assert.match(cell("x;", { data: { "text/plain": text } }), /place of this machine/);
  }
  assert.equal(cell("x;", { data: { "text/plain": "words/min and 3/4, results/noise" } }), "");
  assert.match(verifyNotebook(withCells("x;")).join(), /was not executed/);
});
