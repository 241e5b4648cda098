import assert from "node:assert/strict";
import type { TokenizedPair } from "../../lib/data/preference.ts";
import { bootstrapMetrics, selectionMetrics } from "../../lib/metrics/selection_metrics.ts";
import { createPrng } from "../../lib/random/prng.ts";
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

const GOLD = { reward: (_: Int32Array, ids: Int32Array) => ids[0]! };
/** A response of some gold reward and length. */
const ids = (gold: number, length: number) => Int32Array.from({ length }, (_, i) => i ? 0 : gold);
type Response = readonly [gold: number, length: number];
const pair = (chosen: Response, rejected: Response, flipped?: boolean): TokenizedPair => ({
  id: "",
  promptIds: Int32Array.of(1),
  chosenIds: ids(...chosen),
  rejectedIds: ids(...rejected),
  ...(flipped === undefined ? {} : { flipped }),
});
const PAIRS = [
  pair([5, 2], [3, 3], false),
  pair([1, 3], [4, 1], true), // wrong
  pair([2, 3], [2, 1], true), // as good as the other: not wrong
  pair([1, 1], [6, 1], false), // wrong, though not flipped
  pair([9, 4], [0, 2], false),
];
const MARGINS = Float64Array.of(2, -1, 1, 0, 0.5);
const FIRST = {
  pairs: PAIRS,
  margins: null,
  order: null,
  selected: [0, 1, 2, 3, 4],
  swapped: 0,
  previous: null,
};

Deno.test("a selection by hand", () => {
  const selection = {
    ...{ pairs: PAIRS, margins: MARGINS, selected: [0, 2, 3], swapped: 1, gold: GOLD },
    order: Float64Array.of(1, 0, 1, 2, 3),
  };
  assert.deepEqual(selectionMetrics({ ...selection, previous: [0, 1, 3, 4] }), {
    offlinePairs: 3,
    flippedSelected: 1 / 3,
    flippedAll: 2 / 5,
    wrongSelected: 1 / 3,
    wrongAll: 2 / 5,
    // Unflipped 2, 0, 0.5 against flipped -1, 1: 2 beats both, the others one each.
    marginAuc: 4 / 6,
    // Unflipped 1, 2, 3 against flipped 0, 1: five wins and a tie.
    scoreAuc: 5.5 / 6,
    marginSelected: 1,
    marginUnselected: -0.25,
    marginP90: 1.6, // between the largest two, 1 and 2, at 0.9 * 4 = 3.6
    agreement: 3 / 5,
    jaccard: 2 / 5,
    lengthDifferenceSelected: (-1 + 2 + 0) / 3,
    longerChosenSelected: 1 / 2, // of the two pairs of unequal lengths
    relabelled: 1,
  });
});

Deno.test("iteration 1 has no margins and no overlap; flips and gold may be unknown", () => {
  const first = selectionMetrics(FIRST);
  assert.deepEqual(
    [first.marginAuc, first.scoreAuc, first.marginSelected, first.marginUnselected],
    [null, null, null, null],
  );
  assert.deepEqual([first.marginP90, first.agreement, first.jaccard], [null, null, null]);
  assert.deepEqual([first.flippedSelected, first.wrongSelected, first.wrongAll], [0.4, null, null]);
  // One pair of unknown label, and the share of flips is unknown.
  const pairs = [...PAIRS.slice(1), pair([1, 1], [0, 1])];
  const unknown = selectionMetrics({ ...FIRST, pairs, margins: MARGINS });
  assert.deepEqual(
    [unknown.flippedSelected, unknown.flippedAll, unknown.marginAuc, unknown.marginUnselected],
    [null, null, null, null],
  );
  const none = selectionMetrics({ ...FIRST, margins: MARGINS, selected: [], gold: GOLD });
  assert.deepEqual(
    [none.offlinePairs, none.flippedSelected, none.wrongSelected, none.marginSelected],
    [0, null, null, null],
  );
  assert.deepEqual([none.lengthDifferenceSelected, none.longerChosenSelected], [null, null]);
});

Deno.test("bootstrapped pairs by hand", () => {
  const generated = [
    pair([1, 2], [3, 5]), // wrong
    pair([2, 4], [2, 1]), // ties count half
    pair([5, 1], [4, 1]),
    pair([6, 3], [0, 2]),
  ];
  assert.deepEqual(bootstrapMetrics(generated, GOLD), {
    onPolicyPairs: 4,
    onPolicyWrong: 1.5 / 4,
    onPolicyLengthDifference: (-3 + 3 + 0 + 1) / 4,
  });
  assert.equal(bootstrapMetrics(generated).onPolicyWrong, null);
  assert.deepEqual(bootstrapMetrics([], GOLD), {
    onPolicyPairs: 0,
    onPolicyWrong: null,
    onPolicyLengthDifference: null,
  });
});

Deno.test("what does not fit is refused", () => {
  for (
    const changes of [
      { selected: [5] },
      { selected: [-1] },
      { selected: [0.5] },
      { selected: [0, 0] },
      { margins: MARGINS.slice(1) },
    ]
  ) {
    assert.throws(() => selectionMetrics({ ...FIRST, ...changes }), RangeError);
  }
});
