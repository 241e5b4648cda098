/** Scores of rival selection rules, by hand and by brute force. */
import assert from "node:assert/strict";
import { createPrng } from "../../lib/random/prng.ts";
import { alignmentPotential } from "../../lib/selection/alignment_potential.ts";
import { centralBands, centrality } from "../../lib/selection/central_bands.ts";
import { rankPairs } from "../../lib/selection/rank_pairs.ts";
import { voteScores } from "../../lib/selection/vote_scores.ts";

const of = (...values: number[]): Float64Array => Float64Array.from(values);

Deno.test("votes come first, then the mean margin; a margin of 0 confirms nothing", () => {
  // Pair 0: two votes, mean 1. Pair 1: two votes, mean -99. Pair 2: one vote, mean 400.
  // Pair 3: no vote, mean 0. Pair 4: three votes, mean 1/3.
  const scores = voteScores([
    of(4, 1, 1200, 0, 0.5),
    of(3, 1, 0, 0, 0.25),
    of(-4, -299, 0, 0, 0.25),
  ]);
  assert.deepEqual(rankPairs(scores), [4, 0, 1, 2, 3]);
  assert.equal(scores[0], 2 + 0.25);
  assert.equal(scores[1], 2 - 99 / 200);
  assert.equal(scores[3], 0);
  assert.equal(scores[4], 3 + (1 / 3) / (4 / 3) / 2);
  assert.throws(() => voteScores([]), /at least one model/);
  assert.throws(() => voteScores([of(1), of(1, 2)]), /1 and 2 pairs/);
});

Deno.test("alignment potential by hand: z-scores, the implicit margin without its sign", () => {
  // Explicit -1, 1: z -1, 1. Implicit |-3|, |1|: mean 2, deviation 1, z 1, -1.
  assert.deepEqual(alignmentPotential(of(-1, 1), of(-3, 1)), of(-2, 2));
  // Scales and units drop out.
  assert.deepEqual(alignmentPotential(of(-10, 10), of(-0.75, 0.25)), of(-2, 2));
  // Python, with the population's deviation: z([1, 2, 6]) - z([2, 2, 5])
  const expected = [-0.21871331858600396, 0.24419673130027175, -0.025483412714267795];
  alignmentPotential(of(1, 2, 6), of(2, -2, -5)).forEach((score, i) =>
    assert.ok(Math.abs(score - (expected[i] as number)) < 1e-14, `${score}`)
  );
  assert.deepEqual(alignmentPotential(of(5, 5), of(1, -2)), of(1, -1), "equal values say nothing");
  assert.throws(() => alignmentPotential(of(1), of(1, 2)), /1 explicit and 2 implicit/);
});

Deno.test("central bands: the k best are the intersection of two bands of equal width", () => {
  assert.deepEqual(centrality(of(3, 2, 1)), of(-0.75, -0.25, -1.25));
  // Ranks of the first values: 0 1 2 3 4, of the second ones: 2 0 1 4 3 (middle 1.75).
  const scores = centralBands(of(9, 8, 7, 6, 5), of(3, 5, 4, 1, 2));
  assert.deepEqual(scores, of(-1.75, -1.75, -0.75, -2.25, -2.25));
  assert.throws(() => centralBands(of(1), of()), /1 loss differences, 0 margins/);
  for (let seed = 0; seed < 100; seed++) {
    const prng = createPrng(seed, "bands");
    const total = 2 + prng.integer(20);
    const draw = () => Float64Array.from({ length: total }, () => prng.normal());
    const [a, b] = [draw(), draw()];
    const [x, y] = [centrality(a), centrality(b)];
    const order = rankPairs(centralBands(a, b));
    for (let k = 1; k <= total; k++) {
      const kept = order.slice(0, k);
      const width = Math.min(...kept.flatMap((i) => [x[i] as number, y[i] as number]));
      // Nothing that lies further inside both bands is left out.
      const inside = [...a.keys()].filter((i) => x[i]! > width && y[i]! > width);
      assert.ok(inside.every((i) => kept.includes(i)));
    }
  }
});
