/** The fixture's outputs under each way of running a notebook. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { executeNotebook } from "../../tools/notebooks/execute.ts";
import { joined, readNotebook } from "../../tools/notebooks/notebook.ts";
import { verifyNotebook } from "../../tools/notebooks/verify.ts";
import { FIXTURE, HAS_VENV, runInVenv } from "./environment.ts";

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function assertComplete(path: string, parameters: string): void {
  const notebook = readNotebook(path);
  assert.deepEqual(verifyNotebook(notebook), []);
  const texts = notebook.cells.flatMap((cell) => cell.outputs ?? [])
    .map((output) => joined(output.data?.["text/plain"] as string | string[]));
  assert.equal(texts.length, 7);
  assert.equal(texts[0], parameters);
  assert.match(texts[1] ?? "", /^figure two_cells/);
  assert.equal(texts[4], "the third output of one cell");
  assert.equal(texts[5], "step 1000");
  assert.match(texts[6] ?? "", /100 %, 300 of 300$/);
}

const ignore = !HAS_VENV;

Deno.test(
  { name: "all outputs under our executor, with parameters", ignore },
  () =>
    inFolder(async (folder) => {
      const output = join(folder, "out.ipynb");
      await executeNotebook(FIXTURE, { output, parameters: { preset: "smoke" } });
      assertComplete(output, "preset smoke, seeds 2");
    }),
);

Deno.test({ name: "all outputs under stock nbconvert", ignore }, () =>
  inFolder(async (folder) => {
    await runInVenv("python", [
      ...["-m", "nbconvert", "--to", "notebook", "--execute", FIXTURE],
      ...["--output-dir", folder, "--output", "out.ipynb"],
    ], { SERA_NOTEBOOK_PARAMETERS: '{"seeds": 7}' });
    assertComplete(join(folder, "out.ipynb"), "preset quick, seeds 7");
  }));

Deno.test(
  { name: "all outputs under papermill, with its own parameters", ignore },
  () =>
    inFolder(async (folder) => {
      const output = join(folder, "out.ipynb");
      // papermill writes C#'s `var seeds = 7;`, which is TypeScript too.
      await runInVenv("papermill", [
        ...[FIXTURE, output, "--cwd", dirname(FIXTURE), "--no-progress-bar"],
        ...["--language", ".net-csharp", "-p", "preset", "smoke", "-p", "seeds", "7"],
      ]);
      assertComplete(output, "preset smoke, seeds 7");
    }),
);

Deno.test(
  { name: "a failing cell is an error that names the notebook", ignore },
  () =>
    inFolder(async (folder) => {
      const notebook = JSON.parse(Deno.readTextFileSync(FIXTURE));
      notebook.cells = [{ ...notebook.cells[1], source: "throw new Error('no such arm');" }];
      const path = join(folder, "failing.ipynb");
      Deno.writeTextFileSync(path, JSON.stringify(notebook));
      await assert.rejects(executeNotebook(path), {
        name: "UserError",
        message: /failing\.ipynb failed: .*no such arm/,
      });
      assert.match(verifyNotebook(readNotebook(path)).join(), /cell 1: error: Error: no such arm/);
    }),
);
