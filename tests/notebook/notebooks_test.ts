/** The published notebooks: what each has to have, and that their figures and sentences can be trusted. */
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { allStudies, followUps, studies, studyNamed } from "../../experiments/studies.ts";
import { length } from "../../experiments/studies/length.ts";
import { intervalText, ratioText } from "../../lib/figures/mod.ts";
import { readings } from "../../lib/notebook/readings.ts";
import { runStudy } from "../../lib/runner/run_study.ts";
import { sideBySide } from "../../lib/server/side_by_side.ts";
import { contrasts } from "../../lib/study/contrasts.ts";
import { openStudy, PUBLISHED } from "../../lib/study/open_study.ts";
import { openRecords } from "../../lib/study/record_store.ts";
import { executeNotebook } from "../../tools/notebooks/execute.ts";
import { joined, type Notebook, readNotebook } from "../../tools/notebooks/notebook.ts";
import { notebookPaths, NOTEBOOKS } from "../../tools/notebooks/paths.ts";
import { verifyNotebook } from "../../tools/notebooks/verify.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { HAS_VENV } from "./environment.ts";

const notebooks = new Map(
  notebookPaths([]).map((path) => [basename(path, ".ipynb"), readNotebook(path)]),
);
const inSmallLanguage = [...studies, ...followUps];
const ofStudies = inSmallLanguage.map(({ id }) => {
  const found = [...notebooks].find(([name]) => name.replace(/^\d+_/, "") === id);
  assert.ok(found !== undefined, `study "${id}" has no notebook`);
  return [id, found[1]] as const;
});
const sources = (notebook: Notebook, type?: string) =>
  notebook.cells.filter((cell) => type === undefined || cell.cell_type === type)
    .map((cell) => joined(cell.source));
const outputTexts = (notebook: Notebook) =>
  notebook.cells.flatMap((cell) => cell.outputs ?? [])
    .map((output) => joined(output.data?.["text/plain"] as string | string[] | undefined));

Deno.test("a title first, error listeners before any other work, parameters, and your turn last", () => {
  for (const [name, notebook] of notebooks) {
    const [title = ""] = sources(notebook);
    const [imports = "", parameters = ""] = sources(notebook, "code");
    assert.match(title, /^# .+\n\n_.+\?/s, name);
    assert.match(imports.trimEnd(), /\ninstallErrorListeners\(\);$/, name);
    assert.match(parameters, /^var \w+ = /, name);
    const cells = notebook.cells.map(({ cell_type: type, source }) => ({
      type,
      text: joined(source),
    }));
    const turn = cells.findIndex(({ type, text }) =>
      type === "markdown" && /^## Your turn$/m.test(text)
    );
    const after = cells.slice(turn + 1);
    assert.ok(turn > 0 && after.length > 0, `${name} has no turn for the reader`);
    assert.ok(
      after.every(({ type }) => type === "code"),
      `${name} goes on after the reader's turn`,
    );
    assert.match(after.map(({ text }) => text).join("\n"), /await show\(/, name);
  }
});

Deno.test("notebooks are executed side by side, so none writes its runs where another does", () => {
  const writers = [...notebooks].flatMap(([name, notebook]) =>
    [...sources(notebook, "code").join("\n").matchAll(/\brecords(?:: | = )"([^"]+)"/g)]
      .filter(([, folder = ""]) => folder.includes("/.cache/"))
      .map(([, folder = ""]) => ({ name, folder }))
  );
  assert.ok(writers.length >= inSmallLanguage.length);
  for (const { name, folder } of writers) {
    const others = writers.filter((other) => other.name !== name && other.folder === folder);
    assert.deepEqual(others, [], name);
  }
});

Deno.test("a study's page has every part, in order, and no page object", () => {
  const parts = [
    /## Abstract/,
    /^## Question( and claim)?$/m,
    /^## Setting/m,
    /describeArms\(opened\)[^]*describeConditions\(opened\)[^]*describeShared\(opened\)/,
    /^## Evidence/m,
    /main: true/,
    /showVerdicts\(opened\.verdicts\)/,
    /## What we found/,
    /^## Limits/m,
    /^## Cost and rerun/m,
    /^## Your turn/m,
    /withArms\([^]*watchStudy\([^]*contrasts\(\{ rows: beside/,
  ];
  for (const [id, notebook] of ofStudies) {
    const page = sources(notebook).join("\n");
    // Without claims there are no verdicts to show.
    const own = parts.filter((part) =>
      studyNamed(id).claims.length > 0 || !part.source.includes("showVerdicts")
    );
    const places = own.map((part) => page.search(part));
    assert.ok(places.every((place, i) => place > (places[i - 1] ?? -1)), `${id}: ${places}`);
    assert.match(page, new RegExp(`from "../experiments/(studies|follow_ups)/${id}.ts"`));
    assert.match(page, /from "arquero"/);
  }
});

Deno.test("every figure has a name of its own; each notebook has one main figure", () => {
  const figures = [...notebooks.values()].map((
    notebook,
  ) => [...sources(notebook, "code").join("\n").matchAll(/\{ id: "(\w+)"(, main: true)? \}/g)]);
  const names = figures.flat().map((match) => match[1]);
  assert.deepEqual(names.filter((name, i) => names.indexOf(name) !== i), []);
  for (const own of figures) assert.equal(own.filter((match) => match[2] !== undefined).length, 1);
});

Deno.test("figures, sentences and verdicts rest on the same contrasts of the published rows, a verdict on the seeds planned", () => {
  let compared = 0;
  const records = openRecords(PUBLISHED);
  for (const study of inSmallLanguage) {
    const opened = openStudy(study, { records });
    for (const { claim, contrast } of opened.verdicts) {
      if (contrast === undefined) continue;
      const { metric, condition, arm, baseline } = claim;
      // Figures and sentences use every seed, a verdict those of its plan.
      const end = (study.firstSeed ?? 0) + claim.seeds;
      const rows = opened.rows.filter(({ seed }) => seed < end);
      const drawn = contrasts({ study: opened.study, rows }, metric, [[arm, baseline]], claim)
        .filter((each) => each.condition === condition);
      assert.deepEqual(drawn, [contrast], `${study.id} ${claim.id}`);
      assert.equal(contrast.n, claim.seeds, `${study.id} ${claim.id}`);
      const read = readings(rows, condition).difference(metric, arm, baseline, claim);
      assert.deepEqual([read.mean, read.low, read.high], [
        contrast.mean,
        contrast.low,
        contrast.high,
      ]);
      if (claim.log === true) assert.equal(`${read}`, ratioText(contrast));
      else if (metric === "gold") assert.equal(`${read}`, intervalText(contrast));
      compared++;
    }
  }
  assert.equal(
    compared,
    inSmallLanguage.flatMap(({ claims }) => claims).length,
    "publish the full preset: every claim has its runs",
  );
});

Deno.test("no published sentence lacks its number, and no figure its rows", () => {
  for (const [name, notebook] of notebooks) {
    const texts = outputTexts(notebook);
    // A page that says which runs are missing leaves out what rests on them.
    if (texts.some((text) => /runs of the preset `full` have no record yet/.test(text))) continue;
    for (const text of texts) {
      assert.doesNotMatch(text, /no runs? yet|no record yet|Not drawn|\bNaN\b|\bundefined\b/, name);
    }
  }
});

Deno.test(
  {
    name: "every study's notebook goes through on the quick preset, up to the reader's turn",
    ignore: !HAS_VENV,
  },
  // The quick preset is a part of the full one: its runs are published.
  () =>
    withTempDir(async (folder) => {
      await sideBySide(allStudies, 2, async ({ id }) => {
        const [name, notebook] = [...notebooks].find(([each]) => each.endsWith(`_${id}`)) ??
          assert.fail(id);
        const turn = notebook.cells.findIndex(({ source }) =>
          /^## Your turn$/m.test(joined(source))
        );
        const cells = notebook.cells.slice(0, turn)
          .map((cell) => cell.cell_type === "code" ? { ...cell, outputs: [] } : cell);
        const path = join(folder, `${name}.ipynb`);
        await Deno.writeTextFile(path, JSON.stringify({ ...notebook, cells }));
        await executeNotebook(path, { folder: NOTEBOOKS, parameters: { preset: "quick" } });
        assert.match(outputTexts(readNotebook(path)).join("\n"), /of the preset `quick`/, name);
      });
    }),
);

Deno.test(
  {
    name: "a notebook goes through on the smallest preset, as its parameters say",
    ignore: !HAS_VENV,
  },
  () =>
    withTempDir(async (folder) => {
      const records = join(folder, "records");
      await runStudy(length, { preset: "smoke", seeds: 2, records });
      const output = join(folder, "out.ipynb");
      const parameters = { preset: "smoke", seeds: 2, records };
      await executeNotebook(join(NOTEBOOKS, "03_length.ipynb"), { output, parameters });
      const executed = readNotebook(output);
      // What this machine's folder of records would be named in is the reader's own parameter.
      assert.deepEqual(verifyNotebook(executed), []);
      const texts = outputTexts(executed).join("\n");
      assert.match(texts, /All 4 runs of the preset `smoke` have a record/);
      assert.match(texts, /length .* 100 %, 2 of 2/);
      for (const figure of ["length_difference", "length_gold", "length_your_turn"]) {
        assert.ok(texts.includes(`figure ${figure}:`), `${figure} is missing`);
      }
    }),
);
