/** The report of a comparison as a reader sees it, judged win rates included. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { judged, type Verdict } from "../../lib/judges/comparison.ts";
import { judgedMethods } from "../../lib/judges/judged_methods.ts";
import { renderComparison } from "../../lib/report/comparison.ts";
import { differencesOf } from "../../lib/report/differences.ts";
import { judgedLines, judgedTable } from "../../lib/report/judged_methods.ts";
import { planStudy } from "../../lib/study/plan.ts";
import type { StudyRow } from "../../lib/study/rows.ts";
import { findBrowser, withPage } from "../notebook/browser.ts";
import { SCROLLED, WIDER } from "./page_fit.ts";
import { rowsWithGold, study } from "../study/sample_study.ts";
import { withTempDir } from "../support/temp_dir.ts";

const [first, second] = study.arms.map(({ id }) => id) as [string, string];

/** Twelve comparisons of a seed, of which the method wins so many in both orders. */
function seedOf(wins: number, unread = 0) {
  return Array.from({ length: 12 }, (_, i) => {
    const won = i < wins;
    const verdicts: [Verdict | null, Verdict] = won ? ["first", "second"] : ["second", "first"];
    if (i < unread) verdicts[0] = null;
    const comparison = {
      ...{ id: `${i}`, index: i, group: null, instruction: "<b>Name</b> a prime." },
      ...{ answer: won ? "7" : "seven, I think", baseline: "11" },
    };
    return judged(comparison, { "answer first": verdicts[0], "baseline first": verdicts[1] });
  });
}

const methods = judgedMethods([{
  ...{ arm: second, baseline: first },
  bySeed: new Map([[0, seedOf(9, 1)], [1, seedOf(10)], [2, seedOf(11)]]),
}]);
const report = { judge: "a <judge> (openai)", methods, text: "72 replies, $0.01" };

async function pageText(): Promise<string> {
  const rows = rowsWithGold((arm, _, seed) =>
    (arm === first ? [0.5, 0.52, 0.51] : [0.7, 0.71, 0.72])[seed] ?? NaN
  ).flatMap((row) =>
    row.condition === "noise-20" && Number.isFinite(row.gold)
      ? [{ ...row, heldOutAccuracy: row.gold ?? null } as StudyRow]
      : []
  );
  const opened = {
    ...{ study, rows, records: new Map(), missing: [], verdicts: [] },
    plan: planStudy(study, "full"),
  };
  return await renderComparison({
    ...{ options: { data: "pairs.jsonl", out: "a/rather/long/folder/of/results" }, opened },
    ...{ differences: differencesOf(opened), heldOut: 40, judged: report },
  });
}

Deno.test("a judged win rate is the mean over seeds, with interval, corrected p and agreement", () => {
  const [method] = methods;
  const rates = [8 / 11, 10 / 12, 11 / 12];
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / 3;
  assert.ok(Math.abs(0.5 + (method?.difference.mean ?? 0) - mean) < 1e-12);
  assert.match(method?.text ?? "", /^0\.826 \[0\.\d+, 1\.000\] over 3 seeds$/);
  assert.equal(method?.verdict, "better");
  assert.equal(method?.summary.unjudged, 1);
  assert.equal(method?.summary.comparisons, 35);
  assert.equal(method?.summary.agreement, 1);
  const { columns, rows } = judgedTable(methods);
  assert.equal(rows[0]?.[columns.indexOf("comparisons")], 35);
  assert.deepEqual(judgedLines(report)[1], `  ${second}: ${method?.text}; better`);
  const [single] = judgedMethods([{ arm: "a", baseline: "b", bySeed: new Map([[0, seedOf(12)]]) }]);
  assert.equal(single?.text, "1.000 over 1 seed");
  assert.equal(single?.verdict, "no difference shown");
  assert.equal(judgedTable(single === undefined ? [] : [single]).rows[0]?.[3], null);
  const [equal] = judgedMethods([{
    ...{ arm: "a", baseline: "b" },
    bySeed: new Map([[0, seedOf(9)], [1, seedOf(9)], [2, seedOf(9)]]),
  }]);
  assert.equal(equal?.text, "0.750 over 3 seeds");
  assert.equal(equal?.verdict, "no difference shown: 0.750 in all 3 seeds");
  assert.equal(judgedTable(equal === undefined ? [] : [equal]).rows[0]?.[3], null);
});

Deno.test("the report shows the judge's words as text", async () => {
  const page = await pageText();
  assert.ok(page.includes("a &lt;judge&gt; (openai)"));
  assert.match(page, /Judged win rates[^]*1 comparison got no readable verdict/);
  assert.match(page, /go by the judged win rates/);
});

Deno.test({
  name: "a comparison's report fits 400 and 1,280 px, light and dark",
  ignore: findBrowser() === undefined,
  fn: async () => {
    await withTempDir(async (dir) => {
      const path = join(dir, "report.html");
      await Deno.writeTextFile(path, await pageText());
      await withPage(`file://${path}`, async (page) => {
        for (const width of [400, 1280]) {
          for (const scheme of ["light", "dark"] as const) {
            await page.emulate(width, scheme);
            assert.deepEqual(await page.evaluate(WIDER), [], `${width} px`);
            assert.deepEqual(await page.evaluate(SCROLLED), [], `${width} px`);
            const folder = Deno.env.get("SERA_SCREENSHOTS");
            if (folder) {
              Deno.writeFileSync(
                `${folder}/comparison-${width}-${scheme}.png`,
                await page.screenshot(),
              );
            }
          }
        }
        assert.equal(
          await page.evaluate(`[...document.querySelectorAll("h2")].map((h) => h.textContent)
            .includes("Judged win rates")`),
          true,
        );
        assert.deepEqual(page.problems, []);
      });
    });
  },
});
