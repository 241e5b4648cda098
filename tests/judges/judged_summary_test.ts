import assert from "node:assert/strict";
import { judged, type JudgedComparison, type Verdict } from "../../lib/judges/comparison.ts";
import { judgedSummary } from "../../lib/judges/judged_summary.ts";
import { lengthControlled } from "../../lib/judges/length_control.ts";

function pair(a: Verdict | null, b: Verdict | null, index = 0): JudgedComparison {
  const comparison = {
    ...{ id: `${index}`, index, group: null, instruction: "x" },
    ...{ answer: "ab🙂", baseline: "abcde" },
  };
  return judged(comparison, { "answer first": a, "baseline first": b });
}

Deno.test("a preference is the mean of both orders; ties and disagreement count half", () => {
  assert.equal(pair("first", "second").preference, 1);
  assert.equal(pair("second", "first").preference, 0);
  assert.equal(pair("first", "first").preference, 0.5);
  assert.equal(pair("tie", "second").preference, 0.75);
  assert.equal(pair("tie", "tie").preference, 0.5);
  assert.equal(pair("first", null).preference, null);
});

Deno.test("win rate, standard error, agreement and bias of a few verdicts, by hand", () => {
  const summary = judgedSummary([
    pair("first", "second"), // 1, agree
    pair("first", "first"), // 0.5, disagree
    pair("second", "first"), // 0, agree
    pair("tie", "second"), // 0.75, disagree
    pair(null, "first"),
  ]);
  assert.equal(summary.comparisons, 4);
  assert.equal(summary.unjudged, 1);
  assert.equal(summary.winRate, 0.5625);
  // SD of 1, 0.5, 0, 0.75 by n - 1 is sqrt(0.546875 / 3).
  assert.ok(Math.abs((summary.standardError ?? 0) - Math.sqrt(0.546875 / 3) / 2) < 1e-12);
  assert.equal(summary.agreement, 0.5);
  assert.equal(summary.firstPreferred, 4 / 7);
  assert.equal(summary.ties, 1 / 8);
  assert.equal(summary.lengthControlled, null);
  assert.deepEqual([summary.length, summary.baselineLength], [3, 5]);
});

Deno.test("nothing judged gives no number", () => {
  const summary = judgedSummary([pair(null, null)]);
  assert.deepEqual(
    [summary.winRate, summary.standardError, summary.agreement, summary.firstPreferred],
    [null, null, null, null],
  );
  assert.equal(summary.unjudged, 1);
  const many = Array.from({ length: 12 }, (_, i) => pair("first", "second", i));
  assert.equal(judgedSummary(many).lengthControlled?.regression, "length_controlled_minimal");
});

Deno.test("length control is of all comparisons, their lengths included", () => {
  const judgedOnes = Array.from({ length: 12 }, (_, i) => ({
    ...pair("first", i % 3 === 0 ? "first" : "second", i),
    answer: "a".repeat(5 + 7 * i % 11),
  }));
  const unjudged = { ...pair(null, "first", 12), answer: "a".repeat(1e6) };
  const rows = [...judgedOnes, unjudged].map(({ index, preference, answer, baseline }) => ({
    ...{ index, preference, length: answer.length, baselineLength: baseline.length },
  }));
  const summary = judgedSummary([...judgedOnes, unjudged]);
  assert.deepEqual(summary.lengthControlled, lengthControlled(rows));
  assert.notEqual(summary.lengthControlled?.winRate, lengthControlled(rows.slice(0, -1)).winRate);
  // The means of lengths are of what was judged, as is the number that a fit needs.
  assert.ok((summary.length ?? Infinity) < 20);
  assert.equal(judgedSummary([...judgedOnes.slice(0, 9), unjudged]).lengthControlled, null);
});
