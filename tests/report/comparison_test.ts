import assert from "node:assert/strict";
import { comparisonTables, differencesOf, noDifferences } from "../../lib/report/differences.ts";
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

const [first, second, third] = study.arms.map(({ id }) => id) as [string, string, string];
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

Deno.test("seeds that all differ by the same, as accuracies of few pairs do, show no difference", () => {
  const steps = opened({ [first]: [0.5, 0.25, 0.75], [second]: [0.75, 0.5, 1] });
  const [difference] = differencesOf(steps).filter(({ arm }) => arm === second);
  assert.equal(difference?.text, "+0.250 over 3 seeds");
  assert.equal(difference?.verdict, "no difference shown: all 3 seeds differ by exactly +0.250");
  assert.equal(difference?.adjustedP, 1);
  const { columns = [], rows = [] } = comparisonTables(steps, differencesOf(steps))
    .sample_differences ?? {};
  const row = rows.find((cells) => cells[columns.indexOf("method")] === second);
  const [low, high] = ["low", "high"].map((name) => row?.[columns.indexOf(name)]);
  assert.deepEqual([low, high], [null, null]);
  const same = differencesOf(opened({ [first]: [0.5, 0.7], [second]: [0.5, 0.7] }));
  assert.equal(same.find(({ arm }) => arm === second)?.verdict, "the same");
});

Deno.test("tables and report hold the differences with their intervals and seeds", async () => {
  const differences = differencesOf(better);
  const tables = comparisonTables(better, differences);
  assert.equal(tables.sample_differences?.rows.length, differences.length);
  const page = await renderComparison({
    ...{ options: { data: "<b>x" }, opened: better, differences, heldOut: 40 },
  });
  assert.match(page, /<b>better<\/b><span>[^]*n =\s+about 40 pairs a seed/);
  assert.match(page, /With few seeds only large differences show/);
  assert.match(page, /agreement with the labels[^]*may get better\s+while it falls[^]*go by that/);
  assert.ok(page.includes("&lt;b&gt;x"), "what users write is no markup");
});

/** The same where runs without an accuracy have failed. */
function withFailures(accuracy: Readonly<Record<string, readonly number[]>>) {
  const { rows: all, plan: planned, ...found } = opened(accuracy);
  const ended = ({ arm, seed }: { arm: string; seed: number }) =>
    Number.isFinite(accuracy[arm]?.[seed]);
  const plan = planned.filter(({ condition }) => condition === "noise-20");
  const missing = plan.filter((run) => !ended(run));
  return { ...found, plan, rows: all.filter(ended), missing };
}

const pageOf = async (results: ReturnType<typeof withFailures>) => {
  const differences = differencesOf(results);
  return (await renderComparison({ options: {}, opened: results, differences, heldOut: 40 }))
    .replaceAll(/<(style|svg)[^]*?<\/\1>/g, "").replaceAll(/\s+/g, " ");
};

/** The cells of the accuracies' row, in the order of the methods. */
const meansOf = (page: string) =>
  [...page.matchAll(/<td class="number" data-label="(?:dpo|sera|rdpo)">([^<]*)</g)]
    .map(([, cell]) => cell).slice(0, 3);

Deno.test("means stand side by side on the seeds of every method, and a lost run is told", async () => {
  const results = withFailures({
    ...{ [first]: [0.5, 0.6, 0.7], [second]: [NaN, 0.7, 0.8], [third]: [0.1, 0.2] },
  });
  const page = await pageOf(results);
  assert.match(page, /7 of 9 runs; 1 seed that all methods have; about 40 held-out/);
  assert.deepEqual(meansOf(page), ["0.600", "0.700", "0.200"]);
  assert.match(page, /<strong>sera<\/strong>: 1 of 3 runs did not come to an end \(seed 0\)/);
  assert.match(page, /<strong>rdpo<\/strong>: 1 of 3 runs did not come to an end \(seed 2\)/);
  assert.doesNotMatch(page, /no seed that all methods have/);
});

Deno.test("a method whose runs all failed stays, and no seed is said to be shared", async () => {
  const results = withFailures({ [second]: [0.5, 0.6, 0.7], [third]: [0.3, 0.4] });
  const page = await pageOf(results);
  assert.match(page, /<h1>[^<]*dpo, sera, rdpo/);
  assert.match(page, /5 of 9 runs; no seed that all methods have;/);
  assert.match(page, /no run of dpo came to its end, and these are means over the 2 seeds/);
  assert.deepEqual(meansOf(page), ["\u2013", "0.550 \u00b1 0.071 (2)", "0.350 \u00b1 0.071 (2)"]);
  assert.match(page, /<strong>dpo<\/strong>: 3 of 3 runs did not come to an end \(seeds 0, 1, 2\)/);
  assert.match(page, /no differences: they are from dpo, the first method, and none of its runs/);
  const { columns, rows } = comparisonTables(results, []).sample_summary ?? assert.fail();
  assert.ok(rows.length > 0);
  assert.ok(rows.every((row) => row[columns.indexOf("seeds_shared")] === 0));
});

Deno.test("methods without a common seed are not compared by their means", async () => {
  const results = withFailures({ [first]: [0.5], [second]: [NaN, 0.6], [third]: [NaN, NaN, 0.7] });
  const page = await pageOf(results);
  assert.match(page, /3 of 9 runs; no seed that all methods have;/);
  assert.match(page, /the mean of each method is over seeds of its own/);
  assert.equal(
    noDifferences(results),
    `Differences need two seeds that ${first} and another method have.`,
  );
  const whole = withFailures({
    [first]: [0.5, 0.6, 0.7],
    [second]: [0.5, 0.6, 0.7],
    [third]: [1, 1, 1],
  });
  assert.equal(noDifferences(whole), "Differences need two methods and two seeds.");
  const unmeasured = whole.rows.map((row) => ({ ...row, heldOutAccuracy: null }));
  assert.match(noDifferences({ ...whole, rows: unmeasured }), /^No pairs were held out/);
});
