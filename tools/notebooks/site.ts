/** The static site: one page a notebook and an index. Opens from a file; asks no server, no CDN. */
import { basename, join } from "node:path";
import { UserError } from "../../lib/errors.ts";
import { escapeHtml } from "../../lib/notebook/table.ts";
import { joined, type Notebook, type Output, readNotebook } from "./notebook.ts";
import { venvProgram } from "./paths.ts";
import { STYLE } from "./style.ts";

/** What the index shows of a notebook. */
export interface Summary {
  readonly title: string;
  /** First paragraph under the title, plain text. */
  readonly question: string;
  readonly verdicts: readonly { claim: string; outcome: string; numbers: string }[];
  /** SVG of the main figure, and what it shows. */
  readonly figure?: { readonly svg: string; readonly alt: string };
}

/** Reads the summary out of an executed notebook. */
export function summarise(notebook: Notebook, name: string): Summary {
  const prose = joined(notebook.cells.find((cell) => cell.cell_type === "markdown")?.source);
  const blocks = prose.split(/\n\s*\n/).map((block) => block.trim());
  const title = blocks.find((block) => block.startsWith("# "))?.slice(2).split("\n")[0] ?? name;
  const question = blocks.find((block) => block !== "" && !block.startsWith("#")) ?? "";
  const outputs = notebook.cells.flatMap((cell) => cell.outputs ?? []);
  const chosen = outputs.find((output) => output.metadata?.sera?.main && svgOf(output) !== "");
  return {
    title,
    question: question.replaceAll(/[*_`]/g, "").replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1"),
    verdicts: outputs.flatMap((output) => output.metadata?.sera?.verdicts ?? []),
    ...(chosen === undefined ? {} : {
      figure: { svg: svgOf(chosen), alt: joined(chosen.data?.["text/plain"] as string) },
    }),
  };
}

function svgOf(output: Output): string {
  return joined(output.data?.["image/svg+xml"] as string | string[] | undefined);
}

/** A whole HTML page around a body. */
function page(title: string, body: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>
${STYLE}</style>
</head>
<body>
${body}
</body>
</html>
`;
}

/** Links to notebooks as links to their pages; to notebooks that the site lacks, as plain text. */
function linksToPages(body: string, names: readonly string[]): string {
  return body.replaceAll(
    /<a href="([\w-]+)\.ipynb">(.*?)<\/a>/g,
    (_, name, text) => names.includes(name) ? `<a href="${name}.html">${text}</a>` : text,
  );
}

function card(summary: Summary, href: string): string {
  const verdicts = summary.verdicts.map(({ claim, outcome, numbers }) =>
    `<li class="${outcome.replaceAll(" ", "-")}"><b>${escapeHtml(outcome)}</b>: ` +
    `${escapeHtml(claim)} <span>${escapeHtml(numbers)}</span></li>`
  );
  const figure = summary.figure === undefined
    ? ""
    : `<a href="${href}"><img alt="${escapeHtml(summary.figure.alt)}" ` +
      `src="data:image/svg+xml;base64,${
        new TextEncoder().encode(summary.figure.svg).toBase64()
      }"></a>`;
  return `<section>
<h2><a href="${href}">${escapeHtml(summary.title)}</a></h2>
<p>${escapeHtml(summary.question)}</p>
${verdicts.length === 0 ? "" : `<ul class="verdicts">\n${verdicts.join("\n")}\n</ul>`}
${figure}
</section>`;
}

/** Bodies of the notebooks as HTML, by nbconvert, in the order of the paths. */
async function convert(paths: readonly string[]): Promise<string[]> {
  const folder = await Deno.makeTempDir();
  try {
    const { success, stderr } = await new Deno.Command(venvProgram("python"), {
      args: [
        ...["-m", "nbconvert", "--to", "html", "--template", "basic", "--log-level", "ERROR"],
        ...["--output-dir", folder, ...paths],
      ],
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) {
      const last = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
      throw new UserError(`nbconvert failed: ${last}`);
    }
    return paths.map((path) =>
      Deno.readTextFileSync(join(folder, `${basename(path, ".ipynb")}.html`))
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Writes `index.html` and one page for each executed notebook into `folder`.
 *
 * @throws UserError on no notebooks, or one that cannot be read or converted.
 */
export async function buildSite(paths: readonly string[], folder: string): Promise<void> {
  if (paths.length === 0) {
    throw new UserError("the site needs at least one notebook; none was found");
  }
  const names = paths.map((path) => basename(path, ".ipynb"));
  const summaries = paths.map((path, index) =>
    summarise(readNotebook(path), names[index] as string)
  );
  const bodies = await convert(paths);
  await Deno.mkdir(folder, { recursive: true });
  const navigation = '<nav><a href="index.html">All notebooks</a></nav>';
  paths.forEach((_, index) => {
    writeWhole(
      join(folder, `${names[index]}.html`),
      page(
        (summaries[index] as Summary).title,
        `${navigation}\n<main>${linksToPages(bodies[index] as string, names)}</main>`,
      ),
    );
  });
  const cards = summaries.map((summary, index) => card(summary, `${names[index]}.html`));
  writeWhole(
    join(folder, "index.html"),
    page(
      "SeRA: studies",
      `<main>\n<h1>SeRA: studies</h1>
<p>Each page asks one question about SeRA (self-reviewing and alignment, arXiv 2410.09362) in a
small world whose true reward is known, and answers it from the records beside it.</p>
${cards.join("\n")}\n</main>`,
    ),
  );
}

function writeWhole(path: string, text: string): void {
  Deno.writeTextFileSync(`${path}.tmp`, text);
  Deno.renameSync(`${path}.tmp`, path);
}
