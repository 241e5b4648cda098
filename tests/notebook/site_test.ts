/** The static site, opened from a file in a real browser. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { executeNotebook } from "../../tools/notebooks/execute.ts";
import { notebookPaths } from "../../tools/notebooks/paths.ts";
import { buildSite, summarise } from "../../tools/notebooks/site.ts";
import { findBrowser, type Page, withPage } from "./browser.ts";
import { FIXTURE, HAS_VENV } from "./environment.ts";

const ignore = !HAS_VENV || findBrowser() === undefined;

Deno.test({
  name: "the site opens from a file: images drawn, no errors, nothing asked of the network",
  ignore,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const fixture = join(folder, "outputs.ipynb");
      await executeNotebook(FIXTURE, { output: fixture });
      const paths = [fixture, ...notebookPaths([])];
      const site = join(folder, "site");
      await buildSite(paths, site);
      const index = pathToFileURL(join(site, "index.html")).href;
      await withPage(index, async (page) => {
        const links = await page.evaluate<string[]>(
          "[...document.querySelectorAll('h2 a')].map((a) => a.href)",
        );
        assert.equal(links.length, paths.length);
        assert.match(await page.evaluate("document.body.innerText"), /holds: outputs arrive/);
        await page.until(IMAGES_DRAWN, 10);
        assert.deepEqual(page.problems, []);
        assert.deepEqual(page.requests, [index]);
        for (const link of links) await checkNotebook(page, link);
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

const IMAGES_DRAWN = "[...document.images].every((image) => image.naturalWidth > 50)";

async function checkNotebook(page: Page, link: string): Promise<void> {
  await page.open(link);
  await page.until(`document.images.length > 0 && ${IMAGES_DRAWN}`, 10);
  assert.deepEqual(page.problems, []);
  assert.deepEqual(page.requests, [link]);
  const wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";
  assert.ok(await page.evaluate(wide), `${link} is wider than the window`);
  assert.equal(await page.evaluate("document.querySelectorAll('h1').length"), 1, link);
  const targets = await page.evaluate<string[]>(
    "[...document.links].map((a) => a.href.split('#')[0]).filter((a) => a.startsWith('file:'))",
  );
  for (const target of targets) assert.ok(Deno.statSync(new URL(target)).isFile, target);
}

Deno.test("a summary is the title, the question, the verdicts and the main figure", () => {
  const figure = (svg: string, main: boolean) => ({
    output_type: "display_data" as const,
    data: { "image/svg+xml": [svg], "text/plain": "alt" },
    metadata: { sera: { main } },
  });
  const verdicts = [{ claim: "c", outcome: "undecided", numbers: "n" }];
  assert.deepEqual(
    summarise({
      nbformat: 4,
      metadata: {},
      cells: [
        { cell_type: "markdown", source: ["# Noise\n", "\n", "Does *SeRA* [help](x)?\n\nMore."] },
        {
          cell_type: "code",
          source: "",
          outputs: [figure("<svg>1</svg>", false), figure("<svg>2</svg>", true), {
            output_type: "display_data",
            metadata: { sera: { verdicts } },
          }],
        },
      ],
    }, "02_noise"),
    {
      title: "Noise",
      question: "Does SeRA help?",
      verdicts,
      figure: { svg: "<svg>2</svg>", alt: "alt" },
    },
  );
});
