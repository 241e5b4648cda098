import assert from "node:assert/strict";
import type { Claim } from "../../lib/study/claim.ts";
import { contrasts } from "../../lib/study/contrasts.ts";
import { judgeClaims, type Verdict } from "../../lib/study/judge_claims.ts";
import type { StudyRow } from "../../lib/study/rows.ts";
import { claim, rowsWithGold } from "./sample_study.ts";

/** Rows in which SeRA differs from DPO by these, a seed each; DPO's own seeds differ widely. */
function rowsOf(differences: readonly number[]): StudyRow[] {
  const base = rowsWithGold(() => 0).find((row) =>
    row.arm === "dpo" && row.condition === "noise-20" && row.last
  ) as StudyRow;
  return differences.flatMap((difference, seed) => [
    { ...base, seed, gold: 10 * seed },
    { ...base, arm: "sera", armLabel: "SeRA", seed, gold: 10 * seed + difference },
  ]);
}
const judge = (differences: readonly number[], overrides: Partial<Claim> = {}) =>
  judgeClaims([{ ...claim, ...overrides }], rowsOf(differences))[0];
const verdict = (differences: readonly number[], overrides: Partial<Claim> = {}) =>
  judge(differences, overrides)?.verdict as Verdict;

const clearlyUp = [0.5, 0.6, 0.55, 0.5, 0.6];
const flat = [0.01, -0.01, 0.02, -0.02, 0];
const noisy = [1, -1, 0.8, -0.7, 0.3];

Deno.test("verdicts of a directed claim", () => {
  assert.equal(verdict(clearlyUp), "holds");
  assert.equal(verdict(clearlyUp.map((x) => -x)), "does not hold");
  assert.equal(verdict(flat), "does not hold"); // no room for the smallest effect
  assert.equal(verdict(noisy), "undecided");
  assert.equal(verdict(clearlyUp, { direction: "lower" }), "does not hold");
  assert.equal(verdict(clearlyUp.map((x) => -x), { direction: "lower" }), "holds");
});

Deno.test("verdicts of a claim of no difference", () => {
  assert.equal(verdict(flat, { direction: "same" }), "holds");
  assert.equal(verdict(clearlyUp, { direction: "same" }), "does not hold");
  assert.equal(verdict(noisy, { direction: "same" }), "undecided");
});

Deno.test("swapping arm and baseline turns the sign and the verdict", () => {
  const swapped = { arm: "dpo", baseline: "sera" };
  assert.equal(verdict(clearlyUp, swapped), "does not hold");
  assert.equal(verdict(clearlyUp, { ...swapped, direction: "lower" }), "holds");
  const mean = (overrides: Partial<Claim>) => judge(clearlyUp, overrides)?.contrast?.mean ?? NaN;
  assert.ok(Math.abs(mean({}) - 0.55) < 1e-12);
  assert.ok(Math.abs(mean(swapped) + 0.55) < 1e-12);
});

Deno.test("one seed decides nothing; a seed without the metric is left out; no cell is no contrast", () => {
  assert.equal(verdict([1]), "undecided");
  assert.equal(judge([...clearlyUp, NaN])?.contrast?.n, 5);
  assert.deepEqual(judge(clearlyUp, { condition: "noise-0" }), {
    claim: { ...claim, condition: "noise-0" },
    verdict: "undecided",
    adjustedP: 1,
  });
});

Deno.test("Holm over the family can take a verdict back", () => {
  const weak = [0.3, 0.02, 0.25, 0.1, 0.2]; // p about 0.03 alone
  assert.equal(verdict(weak), "holds");
  const family = Array.from({ length: 10 }, () => claim);
  assert.equal(judgeClaims(family, rowsOf(weak))[0]?.verdict, "undecided");
});

Deno.test("a verdict's contrast is the figure's: one function makes both", () => {
  const rows = rowsWithGold((arm, _, seed) => seed + (arm === "sera" ? 0.3 + 0.1 * seed : 0));
  const [result] = judgeClaims([claim], rows);
  const drawn = contrasts(rows, "gold", [["sera", "dpo"]])
    .find((contrast) => contrast.condition === claim.condition);
  assert.deepEqual(result?.contrast, drawn);
});
