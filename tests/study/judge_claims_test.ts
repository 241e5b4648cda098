import assert from "node:assert/strict";
import type { Claim } from "../../lib/study/claim.ts";
import { contrasts } from "../../lib/study/contrasts.ts";
import { claimPower, powerCells, underpowered } from "../../lib/study/claim_power.ts";
import { judgeClaims, type Verdict } from "../../lib/study/judge_claims.ts";
import type { StudyRow } from "../../lib/study/rows.ts";
import { tQuantile } from "../../lib/statistics/student_t.ts";
import { claim, rowsWithGold, study } from "./sample_study.ts";

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
const turned = (differences: readonly number[]) => differences.map((x) => -x);

const clearlyUp = [0.5, 0.6, 0.55, 0.5, 0.6];
const flat = [0.01, -0.01, 0.02, -0.02, 0];
const noisy = [1, -1, 0.8, -0.7, 0.3];
const smallButSure = [0.03, 0.031, 0.029, 0.03, 0.032];

Deno.test("verdicts of a directed claim", () => {
  assert.equal(verdict(clearlyUp), "supported");
  assert.equal(verdict(turned(clearlyUp)), "reversed");
  assert.equal(verdict(flat), "negligible");
  assert.equal(verdict(noisy), "undecided");
  assert.equal(verdict(clearlyUp, { direction: "lower" }), "reversed");
  assert.equal(verdict(turned(clearlyUp), { direction: "lower" }), "supported");
});

Deno.test("what is there but shown to be too small to matter is negligible, either way", () => {
  for (const direction of ["higher", "lower"] as const) {
    assert.equal(verdict(smallButSure, { direction }), "negligible");
  }
  assert.ok((judge(smallButSure)?.adjustedP ?? 1) < 0.05);
  assert.equal(verdict(smallButSure, { smallestEffect: 0.02 }), "supported");
  assert.equal(verdict(turned(smallButSure), { smallestEffect: 0.02 }), "reversed");
});

Deno.test("verdicts of a claim of no difference", () => {
  assert.equal(verdict(flat, { direction: "same" }), "supported");
  assert.equal(verdict(smallButSure, { direction: "same" }), "supported");
  assert.equal(verdict(clearlyUp, { direction: "same" }), "reversed");
  assert.equal(verdict(turned(clearlyUp), { direction: "same" }), "reversed");
  assert.equal(verdict(noisy, { direction: "same" }), "undecided");
  // Sure to be there, with a mean within the effect that is not sure to stay within it.
  const near = [0.02, 0.1, 0.16, 0.08, 0.09];
  assert.ok((judge(near, { direction: "same" })?.adjustedP ?? 1) < 0.05);
  assert.equal(verdict(near, { direction: "same" }), "undecided");
});

Deno.test("boundaries: p just below and just above 0.05, of a difference and of equivalence", () => {
  // Standard deviation 1 and 5 differences: a mean of t / sqrt(5) has the statistic t.
  const spread = [-1, -1, 0, 1, 1];
  const at = (t: number, shift = 0) => spread.map((x) => x + t / Math.sqrt(5) + shift);
  const two = tQuantile(0.975, 4);
  assert.equal(verdict(at(1.0001 * two)), "supported");
  assert.equal(verdict(at(0.9999 * two)), "undecided");
  assert.equal(verdict(at(-1.0001 * two)), "reversed");
  assert.equal(verdict(at(-0.9999 * two)), "undecided");
  const one = tQuantile(0.95, 4);
  for (const sign of [1, -1]) {
    const bound = { smallestEffect: 5 };
    assert.equal(verdict(at(-1.0001 * one * sign, 5 * sign), bound), "negligible");
    const other = sign > 0 ? "supported" : "reversed";
    assert.equal(verdict(at(-0.9999 * one * sign, 5 * sign), bound), other);
    assert.equal(verdict(at(-1.0001 * one, 5), { ...bound, direction: "same" }), "supported");
    assert.equal(verdict(at(-0.9999 * one, 5), { ...bound, direction: "same" }), "undecided");
    assert.equal(verdict(at(0.0001, 5), { ...bound, direction: "same" }), "reversed");
  }
});

Deno.test("swapping arm and baseline turns the sign and the verdict", () => {
  const swapped = { arm: "dpo", baseline: "sera" };
  assert.equal(verdict(clearlyUp, swapped), "reversed");
  assert.equal(verdict(clearlyUp, { ...swapped, direction: "lower" }), "supported");
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
    adjustedEquivalenceP: 1,
  });
});

Deno.test("Holm over the family, other studies' claims included, can take a verdict back", () => {
  const weak = [0.3, 0.02, 0.25, 0.1, 0.2]; // p about 0.03 alone
  assert.equal(verdict(weak), "supported");
  const others = Array.from({ length: 9 }, () => claim);
  assert.equal(judgeClaims([claim, ...others], rowsOf(weak))[0]?.verdict, "undecided");
  const [result, ...none] = judgeClaims([claim], rowsOf(weak), [
    { claims: others, rows: rowsOf(weak) },
  ]);
  assert.equal(result?.verdict, "undecided");
  assert.deepEqual(none, [], "the others' verdicts are not this study's");
  assert.equal(result?.adjustedP, Math.min(1, 10 * (result?.contrast?.p ?? 0)));
  // Equivalence is corrected on its own: the differences' p-values are all 1 here.
  const close = [0.06, -0.06, 0.05, -0.05, 0];
  assert.equal(verdict(close), "negligible");
  const beside = { claims: others, rows: rowsOf(noisy) };
  assert.equal(judgeClaims([claim], rowsOf(close), [beside])[0]?.verdict, "undecided");
});

Deno.test("a verdict's contrast is the figure's: one function makes both", () => {
  const rows = rowsWithGold((arm, _, seed) => seed + (arm === "sera" ? 0.3 + 0.1 * seed : 0));
  const opened = { study, rows };
  const [result] = judgeClaims([claim], opened);
  const drawn = contrasts(opened, "gold", [["sera", "dpo"]])
    .find((contrast) => contrast.condition === claim.condition);
  assert.deepEqual(result?.contrast, drawn);
  assert.equal(drawn?.claim, claim.id);
});

Deno.test("a claim of a study is judged on the seeds of its plan, whatever else was run", () => {
  const up = [0.5, 0.6, 0.55, -9, -9, -9];
  const planned = { ...claim, seeds: 3 };
  const opened = { study: { ...study, claims: [planned] }, rows: rowsOf(up) };
  const result = judgeClaims([planned], opened)[0];
  assert.deepEqual([result?.contrast?.n, result?.verdict], [3, "supported"]);
  const later = {
    study: { ...opened.study, firstSeed: 3 },
    rows: opened.rows.map((row) => ({ ...row, seed: row.seed + 3 })),
  };
  assert.deepEqual(judgeClaims([planned], later)[0]?.contrast?.pairs.map(({ seed }) => seed), [
    3,
    4,
    5,
  ]);
  const more = contrasts(opened, claim.metric, [[claim.arm, claim.baseline]])[0];
  assert.equal(more?.n, 6, "a figure shows them all");
});

Deno.test("power as planned and with the SD found, and the undecided claims that want it", () => {
  const results = judgeClaims([{ ...claim, seeds: 8, exploratorySd: 0.075 }], rowsOf(noisy));
  const { plannedSd, planned, sd, power } = claimPower(results[0]!);
  assert.deepEqual([plannedSd, sd], [0.075, results[0]?.contrast?.sd]);
  // By integrating over the chi distribution: n 8, effect 0.1, SD 0.075.
  assert.ok(Math.abs((planned ?? NaN) - 0.8964) < 1e-3, `${planned}`);
  assert.ok((power ?? NaN) < 0.5 && (power ?? NaN) > 0.05, `${power}`);
  assert.deepEqual(underpowered(results).map((each) => each.claim.id), [claim.id]);
  assert.deepEqual(underpowered(judgeClaims([claim], rowsOf(clearlyUp))), []);
  const [none] = judgeClaims([claim], rowsOf([1]));
  assert.deepEqual(powerCells(none!), ["-", "-", "-", "-"]);
});
