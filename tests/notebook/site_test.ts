/** The static site, opened from files in a real browser. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { buildSite } from "../../tools/notebooks/site/build_site.ts";
import { siteRuns } from "../../tools/notebooks/site/site_runs.ts";
import { summarise } from "../../tools/notebooks/site/summary.ts";
import { findBrowser, type Page, withPage } from "./browser.ts";
import { HAS_VENV } from "./environment.ts";
import { exampleNotebook, RECORD, writeSiteFixture } from "./site_fixture.ts";
import { EXAMPLES } from "../figures/rows.ts";
import type { Notebook } from "../../tools/notebooks/notebook.ts";
import type { PlannedRun } from "../../lib/study/plan.ts";

const PLACE = {
  ...{ study: "noise", arm: "sera", armLabel: "SeRA", condition: "c", seed: 3 },
  ...{ conditionLabel: "20 % flipped", hash: RECORD.hash },
} as PlannedRun;

/** Elements that stick out of the page, other than inside of what scrolls by itself. */
const TOO_WIDE = `[...document.querySelectorAll("body *")].filter((element) =>
  element.getBoundingClientRect().right > document.documentElement.clientWidth + 1 &&
  !element.parentElement.closest("table, pre, .highlight, .map")).map((element) => element.outerHTML.slice(0, 90))`;
const ALL_DRAWN = "document.querySelectorAll('.plot img').length === 0 && " +
  "[...document.querySelectorAll('.plot')].every((plot) => plot.querySelector('svg'))";

async function checkWidth(page: Page, url: string): Promise<void> {
  assert.deepEqual(await page.evaluate(TOO_WIDE), [], url);
  assert.ok(
    await page.evaluate(
      "document.documentElement.scrollWidth <= document.documentElement.clientWidth",
    ),
    `${url} is wider than the window`,
  );
}

async function checkPage(page: Page, url: string, site: string): Promise<void> {
  await page.open(url);
  await page.evaluate(`(async () => {
    for (const plot of document.querySelectorAll(".plot")) {
      plot.scrollIntoView();
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
  })()`);
  await page.until(ALL_DRAWN, 20);
  await checkWidth(page, url);
  assert.equal(await page.evaluate("document.querySelectorAll('h1').length"), 1, url);
  assert.deepEqual(page.problems, []);
  assert.deepEqual(page.requests.filter((request) => !request.startsWith(site)), []);
  const targets = await page.evaluate<string[]>(
    "[...document.links].map((a) => a.href.split('#')[0]).filter((a) => a.startsWith('file:'))",
  );
  for (const target of targets) assert.ok(Deno.statSync(new URL(target)).isFile, target);
}

async function checkHover(page: Page): Promise<void> {
  await page.pointAt(".plot svg .mark-symbol path");
  await page.until("!!document.querySelector('#vg-tooltip-element.visible')", 5);
  const text = await page.evaluate<string>(
    "document.querySelector('#vg-tooltip-element').innerText",
  );
  assert.match(text, /seed|arm|contrast/);
}

async function checkTable(page: Page): Promise<void> {
  const golds = `(() => {
    const table = [...document.querySelectorAll("table")].find((each) => /armLabel/.test(each.innerText));
    const column = [...table.querySelectorAll("th")].findIndex((head) => head.innerText === "gold");
    table.querySelectorAll("th")[column].click();
    return [...table.tBodies[0].rows].map((row) => Number(row.cells[column].innerText));
  })()`;
  const up = await page.evaluate<number[]>(golds);
  assert.ok(up.length > 5);
  assert.deepEqual(up, up.toSorted((a, b) => a - b));
  assert.deepEqual(await page.evaluate(golds), up.toReversed());
}

async function checkFolding(page: Page): Promise<void> {
  const shown =
    "[...document.querySelectorAll('.highlight')].some((code) => code.offsetHeight > 0)";
  assert.ok(await page.evaluate(shown));
  await page.evaluate("document.querySelector('nav button').click()");
  assert.ok(!await page.evaluate(shown));
}

Deno.test({
  name: "the site: fits phone and desk, light and dark; hover, sorting, folding; nothing from afar",
  ignore: !HAS_VENV || findBrowser() === undefined,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const { notebook, records } = await writeSiteFixture(folder);
      const site = join(folder, "site");
      await buildSite(site, { notebooks: [notebook], runs: siteRuns(records, [PLACE]) });
      const base = `${pathToFileURL(site).href}/`;
      const run = `runs/${RECORD.hash}.html`;
      await withPage(`${base}index.html`, async (page) => {
        assert.match(await page.evaluate("document.body.innerText"), /supported: IRM > random/);
        const colours: string[] = [];
        for (const [width, scheme] of [[400, "dark"], [1280, "light"]] as const) {
          await page.emulate(width, scheme);
          for (const name of ["index.html", "runs.html", run, "every_plot.html"]) {
            await checkPage(page, base + name, base);
          }
          colours.push(await page.evaluate("getComputedStyle(document.body).backgroundColor"));
          const drawn = await page.evaluate("document.querySelectorAll('.plot svg').length");
          assert.equal(drawn, Object.keys(EXAMPLES).length);
        }
        assert.notEqual(colours[0], colours[1]);
        await checkHover(page);
        await checkTable(page);
        await checkFolding(page);
        await page.emulate(400, "light");
        for (const name of ["index", "all_symbols", "~/runSera", "~/SeraConfig"]) {
          await page.open(`${base}api/${name}.html`);
          await checkWidth(page, `api/${name}`);
        }
      });
      const read = (name: string) => Deno.readTextFileSync(join(site, name));
      const pictures = read("every_plot.html").match(/<img [^>]*src="data:image\/svg\+xml/g);
      assert.equal(pictures?.length, Object.keys(EXAMPLES).length, "what shows without a script");
      assert.ok(read("every_plot.html").includes(`<a href="${run}">`), "no link to the run");
      assert.match(read(run), /reproduce noise --preset full --arms sera/);
      assert.match(read(run), /&quot;flipRate&quot;: 0\.2/);
      assert.match(
        read(run),
        /<td>gold reward<\/td>\s*<td>reward<\/td><td>0\.50<\/td><td>0\.90<\/td>/,
      );
      assert.match(read("api/index.html"), /SeRA/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("a summary is the title, the abstract, the verdicts and the main figure", async () => {
  const { figure, ...text } = summarise(await exampleNotebook() as Notebook, "x");
  assert.deepEqual(text, {
    title: "Every plot",
    abstract: "Does each fit, and link?",
    verdicts: [{
      claim: "IRM > random",
      outcome: "supported",
      numbers: "gold +0.22 [+0.15, +0.29], 3 seeds, Holm p 0.012, equivalence p 1",
    }],
  });
  assert.equal(figure?.metadata?.sera?.figure, "intervalsFacets");
});
