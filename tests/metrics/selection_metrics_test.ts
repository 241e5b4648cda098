import assert from "node:assert/strict";
import { createPrng } from "../../lib/random/prng.ts";
import { auditSelection } from "../../lib/selection/audit.ts";
import { jaccard } from "../../lib/selection/jaccard.ts";
import { rankAuc } from "../../lib/selection/rank_auc.ts";
import { assertClose } from "../losses/loss_cases.ts";

Deno.test("Jaccard overlap by hand", () => {
  assert.equal(jaccard([1, 2, 3], [2, 3, 4]), 0.5);
  assert.equal(jaccard([1, 2], [3]), 0);
  assert.equal(jaccard([2, 1], [1, 2]), 1);
  assert.equal(jaccard([], []), 1);
  assert.equal(jaccard([], [1]), 0);
});

Deno.test("AUC equals counting all couples, ties half", () => {
  for (let seed = 0; seed < 200; seed++) {
    const prng = createPrng(seed, "auc");
    const total = 1 + prng.integer(20);
    const scores = Float64Array.from({ length: total }, () => Math.round(3 * prng.normal()) / 2);
    const positive = Array.from({ length: total }, () => prng.uniform() < 0.5);
    let wins = 0;
    let couples = 0;
    for (let i = 0; i < total; i++) {
      for (let j = 0; j < total; j++) {
        if (!positive[i] || positive[j]) continue;
        couples++;
        wins += scores[i] === scores[j]
          ? 0.5
          : (scores[i] as number) > (scores[j] as number)
          ? 1
          : 0;
      }
    }
    const auc = rankAuc(scores, positive);
    if (couples === 0) assert.equal(auc, null);
    else assertClose(auc as number, wins / couples, 1e-14, `seed ${seed}`);
  }
  assert.equal(rankAuc(Float64Array.of(1, 2, 3), [false, true, true]), 1);
  assert.equal(rankAuc(Float64Array.of(1, 1, 1), [false, true, true]), 0.5);
  assert.equal(rankAuc(Float64Array.of(-Infinity, 0, Infinity), [true, false, false]), 0);
  assert.throws(() => rankAuc(Float64Array.of(1), []), RangeError);
});

Deno.test("an audit by hand", () => {
  assert.deepEqual(
    auditSelection({
      margins: Float64Array.of(2, -1, 1, 0),
      selected: [0, 2],
      flipped: [false, true, true, false],
      chosenLengths: [5, 6, 7, 8],
      rejectedLengths: [4, 9, 7, 3],
      previous: [0, 1],
    }),
    {
      total: 4,
      selected: 2,
      meanMarginSelected: 1.5,
      meanMarginUnselected: -0.5,
      agreement: 0.5,
      flipsKept: 1,
      flippedShareSelected: 0.5,
      flippedShareAll: 0.5,
      // right 2, 0 against flipped -1, 1: 2 beats both, 0 beats one
      marginAuc: 0.75,
      jaccardPrevious: 1 / 3,
      lengthDifferenceSelected: 0.5,
      lengthDifferenceUnselected: 1,
    },
  );
});

Deno.test("an audit says null where it does not know", () => {
  assert.deepEqual(auditSelection({ margins: Float64Array.of(1, 3), selected: [0, 1] }), {
    total: 2,
    selected: 2,
    meanMarginSelected: 2,
    meanMarginUnselected: null,
    agreement: 1,
    flipsKept: null,
    flippedShareSelected: null,
    flippedShareAll: null,
    marginAuc: null,
    jaccardPrevious: null,
    lengthDifferenceSelected: null,
    lengthDifferenceUnselected: null,
  });
  const empty = auditSelection({ margins: Float64Array.of(1), selected: [], flipped: [true] });
  assert.equal(empty.flipsKept, 0);
  assert.equal(empty.flippedShareSelected, null);
  assert.equal(empty.marginAuc, null);
});

Deno.test("an audit refuses what does not fit", () => {
  const margins = Float64Array.of(1, 2);
  assert.throws(() => auditSelection({ margins, selected: [2] }), RangeError);
  assert.throws(() => auditSelection({ margins, selected: [-1] }), RangeError);
  assert.throws(() => auditSelection({ margins, selected: [0, 0] }), RangeError);
  assert.throws(() => auditSelection({ margins, selected: [], flipped: [true] }), RangeError);
  assert.throws(() => auditSelection({ margins, selected: [], chosenLengths: [1] }), RangeError);
});
