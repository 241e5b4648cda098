import assert from "node:assert/strict";
import { comparisonTables, differencesOf } from "../../lib/report/differences.ts";
import { renderComparison } from "../../lib/report/comparison.ts";
import { planStudy } from "../../lib/study/plan.ts";
import type { StudyResults } from "../../lib/study/open_study.ts";
import type { StudyRow } from "../../lib/study/rows.ts";
import { rowsWithGold, study } from "../study/sample_study.ts";

/** The sample study's rows with these held-out accuracies of its arms, a seed each. */
function opened(accuracy: Readonly<Record<string, readonly number[]>>): StudyResults & {
  readonly study: typeof study;
} {
  const rows = rowsWithGold((arm, _, seed) => accuracy[arm]?.[seed] ?? NaN).flatMap((row) =>
    row.condition === "noise-20" && Number.isFinite(row.gold)
      ? [{ ...row, heldOutAccuracy: row.gold ?? null } as StudyRow]
      : []
  );
  return {
    ...{ study, rows, records: new Map(), missing: [], verdicts: [] },
    plan: planStudy(study, "full"),
  };
}

const [first, second] = study.arms.map(({ id }) => id) as [string, string];
const better = opened({ [first]: [0.5, 0.52, 0.51], [second]: [0.7, 0.71, 0.72] });

Deno.test("a difference is paired by seed, from the first method, and said in words", () => {
  const [difference] = differencesOf(better).filter(({ arm }) => arm === second);
  assert.equal(difference?.baseline, first);
  assert.ok(Math.abs((difference?.mean ?? 0) - 0.2) < 1e-9);
  assert.match(difference?.text ?? "", /^\+0\.200 \[\+0\.\d+, \+0\.\d+\] over 3 seeds$/);
  assert.equal(difference?.verdict, "better");
  const worse = differencesOf(opened({ [first]: [0.7, 0.71, 0.72], [second]: [0.5, 0.52, 0.51] }));
  assert.equal(worse.find(({ arm }) => arm === second)?.verdict, "worse");
  const noise = differencesOf(opened({ [first]: [0.5, 0.6, 0.7], [second]: [0.7, 0.5, 0.65] }));
  assert.equal(noise.find(({ arm }) => arm === second)?.verdict, "no difference shown");
  assert.deepEqual(differencesOf(opened({ [first]: [0.5], [second]: [0.6] })), []);
});

Deno.test("tables and report hold the differences with their intervals and seeds", async () => {
  const differences = differencesOf(better);
  const tables = comparisonTables(better, differences);
  assert.equal(tables.sample_differences?.rows.length, differences.length);
  const page = await renderComparison({
    ...{ options: { data: "<b>x" }, opened: better, differences, heldOut: 40 },
  });
  assert.match(page, /<b>better<\/b><span>[^]*n =\s+40 pairs a seed/);
  assert.match(page, /With few seeds only large differences show/);
  assert.ok(page.includes("&lt;b&gt;x"), "what users write is no markup");
});
