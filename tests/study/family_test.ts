/** Claims of several studies are one Holm family, whichever of them is opened. */
import assert from "node:assert/strict";
import { type OpenOptions, openStudy } from "../../lib/study/open_study.ts";
import { planStudy } from "../../lib/study/plan.ts";
import { holmAdjusted } from "../../lib/statistics/holm.ts";
import { pairedDifference } from "../../lib/statistics/paired_difference.ts";
import type { Study } from "../../lib/study/study.ts";
import { recordOf, study } from "./sample_study.ts";

const other = {
  ...study,
  id: "other",
  claims: study.claims.map((each) => ({ ...each, seeds: 4 })),
};
const third = { ...study, id: "third", presets: { ...study.presets, quick: study.presets.smoke } };
/** As a list of every study has them: without the types of their environments. */
const untyped = (...studies: object[]) => studies as unknown as Study[];
const family = untyped(study, other, third);

/** SeRA's gain by seed. */
const gains = [0.3, 0.5, 0.7, 0.1];
const records = new Map(
  family.flatMap((each) => planStudy(each, "full")).map((run) => [
    run.hash,
    recordOf(run, [{ gold: run.seed + (run.arm === "sera" ? gains[run.seed] ?? NaN : 0) }]),
  ]),
);
const near = (actual: number | undefined, expected: number) =>
  assert.ok(Math.abs((actual ?? NaN) - expected) < 1e-12, `${actual} is not ${expected}`);
const open = (options: OpenOptions = {}) =>
  openStudy(study, { records: { records }, ...options }).verdicts[0];

Deno.test("adjusted p-values are those of the whole family, on each study's own cells and seeds", () => {
  const three = pairedDifference(gains.slice(0, 3), [0, 0, 0]).p;
  const four = pairedDifference(gains, [0, 0, 0, 0]).p;
  near(open()?.adjustedP, three);
  const [own, others] = holmAdjusted([three, four, three]) as [number, number];
  near(open({ family })?.adjustedP, own);
  near(open({ family: untyped(other, third) })?.adjustedP, own); // itself need not be told
  const [result] = openStudy(other, { records: { records }, family }).verdicts;
  near(result?.adjustedP, others);
  assert.equal(result?.contrast?.n, 4);
});

Deno.test("the family is that of the preset: claims whose cells it leaves out are not counted", () => {
  const two = pairedDifference(gains.slice(0, 2), [0, 0]).p;
  const [own] = holmAdjusted([two, two]) as [number];
  near(open({ preset: "quick", family })?.adjustedP, own);
});

Deno.test("claims of the family without records count all the same", () => {
  const part = new Map(
    planStudy(study, "full").map(({ hash }) => [hash, records.get(hash)]),
  ) as typeof records;
  const elsewhere = { ...third, base: { setting: { size: 99 } } };
  const alone = openStudy(study, { records: { records: part } }).verdicts[0];
  const [result] =
    openStudy(study, { records: { records: part }, family: untyped(elsewhere) }).verdicts;
  assert.equal(result?.adjustedP, Math.min(1, 2 * (alone?.adjustedP ?? 0)));
});
