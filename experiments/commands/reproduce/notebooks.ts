import { existsSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { projectRoot } from "../../../lib/engine/layout.ts";
import { UserError } from "../../../lib/errors.ts";
import type { ProgressSink } from "../../../lib/progress/progress_sink.ts";
import { ownPermissions } from "../../../lib/runner/own_permissions.ts";
import { sideBySide } from "../../../lib/server/side_by_side.ts";
import type { Study } from "../../../lib/study/study.ts";
import type { Places } from "./places.ts";

/** What the parameters cell of a study's notebook is given, beside the records. */
export interface NotebookParameters {
  readonly preset: string;
  /** 0: the preset's own number. */
  readonly seeds: number;
}

/**
 * Executes the notebooks of some studies on the Deno kernel, takes their figures out, and exports
 * them as a static site; one that fails does not stop the others. Publishing executes every
 * notebook: the figures are those of all.
 *
 * @param jobs notebooks that are executed side by side
 * @returns the site's first page; undefined where no study has a notebook
 * @throws {UserError} naming the notebooks that failed, once all the others are done
 */
export async function makeNotebooks(
  studies: readonly Study[],
  places: Places,
  parameters: NotebookParameters,
  jobs: number,
  progress: ProgressSink,
): Promise<string | undefined> {
  const folder = join(projectRoot, "notebooks");
  const published = places.notebooks === folder;
  const ofStudy = (name: string) =>
    studies.some((study) => name.replace(/^\d+_/, "") === `${study.id}.ipynb`);
  const notebooks = existsSync(folder)
    ? [...Deno.readDirSync(folder)].map(({ name }) => name)
      .filter((name) => name.endsWith(".ipynb") && (published || ofStudy(name)))
      .sort().map((name) => join(folder, name))
    : [];
  if (notebooks.length === 0) return undefined;
  // Published notebooks show what their own parameters say.
  const given = JSON.stringify({ ...parameters, records: relative(folder, places.records) });
  const options = published ? [] : ["--parameters", given];
  const executed = notebooks.map((path) => join(places.notebooks, basename(path)));
  progress.phase("notebooks", notebooks.length, { unit: "notebook" });
  const failed: string[] = [];
  await sideBySide(notebooks, jobs, async (path) => {
    progress.advance(0, { now: basename(path) });
    const done = await notebookTool("execute", path, "--out", places.notebooks, ...options);
    if (!done) failed.push(basename(path));
    progress.advance(1);
  });
  progress.done();
  // The published figures are those of all notebooks: those of one that failed would be removed.
  if (published) {
    must(failed.length === 0, `execute ${failed.sort().join(", ")}; no figure is changed`);
  }
  const whole = executed.filter((path) => !failed.includes(basename(path)));
  if (whole.length > 0) {
    must(await notebookTool("figures", ...whole, "--out", places.figures), "figures");
    progress.message("making the site");
    const site = ["--out", places.site, "--records", places.records];
    must(await notebookTool("site", ...whole, ...site), "site");
  }
  must(failed.length === 0, `execute ${failed.sort().join(", ")}; the others are done`);
  return join(places.site, "index.html");
}

function must(done: boolean, step: string): void {
  if (!done) throw new UserError(`the notebooks could not be made: ${step}`);
}

/** A notebook tool's command line, run to its end; its output goes to the terminal. */
async function notebookTool(...args: string[]): Promise<boolean> {
  const program = join(projectRoot, "tools", "notebooks", "main.ts");
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...ownPermissions(), "--quiet", program, ...args],
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  return success;
}
