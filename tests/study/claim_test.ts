import assert from "node:assert/strict";
import { type Claim, judgeClaims, type Verdict } from "../../lib/study/claim.ts";

const claim: Claim = {
  id: "x",
  text: "",
  paper: "",
  metric: "gold",
  condition: "",
  arm: "a",
  baseline: "b",
  direction: "higher",
  smallestEffect: 0.1,
};
const zeros = [0, 0, 0, 0, 0];
const verdict = (values: number[], overrides: Partial<Claim> = {}): Verdict =>
  judgeClaims([{
    claim: { ...claim, ...overrides },
    armValues: values,
    baselineValues: zeros.slice(0, values.length),
  }])[0]?.verdict as Verdict;

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

Deno.test("one seed or a missing value decides nothing", () => {
  assert.equal(verdict([1]), "undecided");
  assert.equal(verdict([1, NaN, 1]), "undecided");
});

Deno.test("Holm over the family can take a verdict back", () => {
  const weak = [0.3, 0.02, 0.25, 0.1, 0.2]; // p about 0.03 alone
  assert.equal(verdict(weak), "holds");
  const family = Array.from({ length: 10 }, () => ({
    claim,
    armValues: weak,
    baselineValues: zeros,
  }));
  assert.equal(judgeClaims(family)[0]?.verdict, "undecided");
});
