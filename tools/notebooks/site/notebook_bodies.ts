/** Notebooks as HTML, by nbconvert. */
import { basename, join } from "node:path";
import { UserError } from "../../../lib/errors.ts";
import { type Html, html, trustedHtml } from "../../../lib/report/html.ts";
import type { Notebook } from "../notebook.ts";
import { venvProgram } from "../paths.ts";
import { figureHtml, svgOf } from "./summary.ts";

/**
 * Bodies of notebooks, in their order. Plots become figures that the site's script can draw; links
 * to notebooks lead to their pages, and hashes of runs that the site has to theirs.
 *
 * @throws {UserError} where nbconvert fails
 */
export async function notebookBodies(
  notebooks: ReadonlyMap<string, Notebook>,
  hashes: readonly string[],
): Promise<Map<string, Html>> {
  const folder = await Deno.makeTempDir();
  try {
    const names = [...notebooks.keys()];
    for (const [name, notebook] of notebooks) {
      const text = JSON.stringify(withFigures(notebook));
      Deno.writeTextFileSync(join(folder, `${name}.ipynb`), text);
    }
    await nbconvert(names.map((name) => join(folder, `${name}.ipynb`)));
    return new Map(names.map((name) => {
      const body = Deno.readTextFileSync(join(folder, `${name}.html`));
      return [name, trustedHtml(withLinks(body, names, hashes))];
    }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function withFigures(notebook: Notebook): Notebook {
  const cells = notebook.cells.map((cell) => ({
    ...cell,
    ...(cell.outputs === undefined ? {} : {
      outputs: cell.outputs.map((output) =>
        svgOf(output) === ""
          ? output
          : { ...output, data: { "text/html": figureHtml(output).text } }
      ),
    }),
  }));
  return { ...notebook, cells };
}

function withLinks(body: string, names: readonly string[], hashes: readonly string[]): string {
  return body.replaceAll(
    /<a href="([\w-]+)\.ipynb">(.*?)<\/a>/g,
    (_, name, text) => names.includes(name) ? `<a href="${name}.html">${text}</a>` : text,
  ).replaceAll(/<a href="\.\.\/[^"]*">(.*?)<\/a>/gs, "$1") // files beside the site
    .replaceAll(/(<td[^>]*>)([0-9a-f]{8,64})(?=<\/td>)/g, (cell, start, text) => {
      const hash = hashes.find((each) => each.startsWith(text));
      return hash === undefined ? cell : start + html`<a href="runs/${hash}.html">${text}</a>`.text;
    });
}

async function nbconvert(paths: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(venvProgram("python"), {
    args: [
      ...["-m", "nbconvert", "--to", "html", "--template", "basic", "--log-level", "ERROR"],
      ...paths,
    ],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return;
  const last = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  throw new UserError(
    `nbconvert failed on ${paths.map((path) => basename(path)).join(", ")}: ${last}`,
  );
}
