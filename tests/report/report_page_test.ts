/** The report as a reader sees it: fits a phone and a desk, one size of text in all charts, searchable. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { renderReport } from "../../lib/report/report.ts";
import { findBrowser, withPage } from "../notebook/browser.ts";
import { SCROLLED, WIDER } from "./page_fit.ts";
import { withTempDir } from "../support/temp_dir.ts";
import { sampleReport } from "./sample_report.ts";

/** Sizes of the text in charts as drawn, in px. */
const SIZES = `[...new Set([...document.querySelectorAll("figure svg text")].map((text) => {
  const { a, b } = text.getScreenCTM(); // b: axis titles are turned
  return (parseFloat(getComputedStyle(text).fontSize) * Math.hypot(a, b)).toFixed(1);
}))]`;

/** Legend labels that are cut, by the ellipsis that Vega puts there. */
const CUT = `[...document.querySelectorAll("figure svg text")].map((text) => text.textContent)
  .filter((text) => text.includes("…"))`;

Deno.test({
  name: "a report fits 400 and 1,280 px, light and dark; its pairs in doubt are found and sorted",
  ignore: findBrowser() === undefined,
  fn: async () => {
    await withTempDir(async (dir) => {
      const path = join(dir, "report.html");
      await Deno.writeTextFile(path, await renderReport(sampleReport(60)));
      await withPage(`file://${path}`, async (page) => {
        for (const width of [400, 1280]) {
          for (const scheme of ["light", "dark"] as const) {
            await page.emulate(width, scheme);
            assert.deepEqual(await page.evaluate(WIDER), [], `${width} px`);
            assert.deepEqual(await page.evaluate(SCROLLED), [], `${width} px`);
            assert.deepEqual(await page.evaluate(SIZES), ["11.0"], `${width} px`);
            const folder = Deno.env.get("SERA_SCREENSHOTS");
            if (folder) {
              Deno.writeFileSync(
                `${folder}/report-${width}-${scheme}.png`,
                await page.screenshot(),
              );
            }
          }
        }
        assert.deepEqual(await page.evaluate(CUT), []);
        const shown = `[...document.querySelectorAll("#suspects article:not([hidden])")]
          .map((card) => Number(card.dataset.rank))`;
        assert.deepEqual(await page.evaluate(shown), Array.from({ length: 20 }, (_, i) => i + 1));
        await page.evaluate(`{
          const box = document.getElementById("suspect-search"), sort = document.getElementById("suspect-sort");
          box.value = "";
          sort.value = "rank -1";
          sort.dispatchEvent(new Event("change"));
        }`);
        assert.deepEqual((await page.evaluate<number[]>(shown)).slice(0, 2), [51, 50]);
        assert.deepEqual(page.problems, []);
      });
    });
  },
});
