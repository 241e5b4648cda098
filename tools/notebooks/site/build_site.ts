/** The static site: a page for each notebook and run, an index, the API. Needs no server, no CDN. */
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../../../lib/errors.ts";
import { html } from "../../../lib/report/html.ts";
import { readNotebook } from "../notebook.ts";
import { ROOT } from "../paths.ts";
import { notebookBodies } from "./notebook_bodies.ts";
import { writePage } from "./page.ts";
import { type SiteRun, writeRunPages } from "./run_pages.ts";
import { card, summarise } from "./summary.ts";

/** What the site shows. */
export interface SiteOptions {
  /** Executed notebooks, in their order. */
  readonly notebooks: readonly string[];
  readonly runs: readonly SiteRun[];
}

/**
 * Writes the site into a folder.
 *
 * @throws {UserError} without notebooks, or where one cannot be read or converted
 */
export async function buildSite(folder: string, { notebooks, runs }: SiteOptions): Promise<void> {
  if (notebooks.length === 0) {
    throw new UserError("the site needs at least one notebook; none was found");
  }
  const read = new Map(notebooks.map((path) => [basename(path, ".ipynb"), readNotebook(path)]));
  const summaries = new Map([...read].map(([name, notebook]) => [name, summarise(notebook, name)]));
  const bodies = await notebookBodies(read, runs.map(({ record }) => record.hash));
  copyAssets(join(folder, "assets"));
  for (const [name, body] of bodies) {
    const title = summaries.get(name)?.title ?? name;
    writePage(join(folder, `${name}.html`), { title, body, plots: true });
  }
  const cards = [...summaries].map(([name, summary]) => card(summary, `${name}.html`));
  writePage(join(folder, "index.html"), {
    title: "SeRA: studies",
    plots: true,
    body: html`<h1>SeRA: studies</h1>
<p>Each page asks one question about SeRA (self-reviewing and alignment, arXiv 2410.09362) and
answers it from the records beside it.</p>
${cards}`,
  });
  writeRunPages(folder, runs);
  await writeApi(join(folder, "api"));
}

const OWN = join(dirname(fileURLToPath(import.meta.url)), "assets");

/** The site's own files, and Vega's from its packages. */
function copyAssets(folder: string): void {
  Deno.mkdirSync(folder, { recursive: true });
  for (const name of ["style.css", "site.js"]) {
    Deno.copyFileSync(join(OWN, name), join(folder, name));
  }
  for (const name of ["vega", "vega-lite", "vega-embed"]) {
    const built = join(ROOT, "node_modules", name, "build", `${name}.min.js`);
    Deno.copyFileSync(built, join(folder, `${name}.min.js`));
  }
}

async function writeApi(folder: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--html", "--name=SeRA", `--output=${folder}`, join(ROOT, "lib", "mod.ts")],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    const last = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
    throw new UserError(`deno doc failed on lib/mod.ts: ${last}`);
  }
  const own = Deno.readTextFileSync(join(OWN, "api.css"));
  Deno.writeTextFileSync(join(folder, "page.css"), own, { append: true });
}
