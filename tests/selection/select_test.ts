import assert from "node:assert/strict";
import { UserError } from "../../lib/errors.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { keepCount } from "../../lib/selection/keep_count.ts";
import { checkSelectionRule } from "../../lib/selection/check_rule.ts";
import { keepOrder } from "../../lib/selection/keep_order.ts";
import { selectPairs } from "../../lib/selection/select.ts";
import { type SelectionRule, usesMargins } from "../../lib/selection/selection_rule.ts";

const of = (...values: number[]): Float64Array => Float64Array.from(values);

/** Random margins, rounded to quarters so that many are equal, and flips. */
function randomCase(seed: number): { margins: Float64Array; flipped: boolean[]; count: number } {
  const prng = createPrng(seed, "selection case");
  const total = 1 + prng.integer(25);
  return {
    margins: Float64Array.from({ length: total }, () => Math.round(4 * prng.normal()) / 4),
    flipped: Array.from({ length: total }, () => prng.uniform() < 0.4),
    count: 1 + prng.integer(total + 3),
  };
}

/** How many pairs rank before pair i: those of larger margin, and equals of lower index. */
function rankOf(margins: Float64Array, i: number): number {
  const own = margins[i] as number;
  return margins.reduce(
    (sum, other, j) => sum + (other > own || (other === own && j < i) ? 1 : 0),
    0,
  );
}

Deno.test("the number to keep", () => {
  assert.equal(keepCount(0.7, 2000), 1400);
  assert.equal(keepCount(0.7, 10), 7);
  assert.equal(keepCount(0.5, 3), 2);
  assert.equal(keepCount(0.1, 3), 1);
  assert.equal(keepCount(1, 3), 3);
  assert.equal(keepCount({ count: 2 }, 3), 2);
  assert.equal(keepCount({ count: 5 }, 3), 3);
  assert.equal(keepCount(0.7, 0), 0);
  for (
    const keep of [0, 1.1, NaN, { count: 0 }, {
      count: 1.5,
    }]
  ) {
    assert.throws(() => keepCount(keep, 3), UserError);
  }
});

Deno.test("rules by hand, with equal margins", () => {
  const margins = of(0.5, -1, 2, 0.5, 0.5, 3);
  const select = (rule: SelectionRule) => selectPairs(rule, margins).indices;
  const keep = { count: 3 };
  // by falling margin: 5 (3), 2 (2), 0, 3, 4 (0.5 each), 1 (-1)
  assert.deepEqual(select({ rule: "top", keep }), [0, 2, 5]);
  assert.deepEqual(select({ rule: "bottom", keep }), [0, 1, 3]);
  assert.deepEqual(select({ rule: "middle", keep: { count: 2 } }), [0, 3]);
  assert.deepEqual(select({ rule: "middle", keep }), [0, 2, 3]);
  assert.deepEqual(select({ rule: "threshold", tau: 0.5 }), [0, 2, 3, 4, 5]);
  assert.deepEqual(select({ rule: "threshold", tau: 4 }), []);
  assert.deepEqual(select({ rule: "all" }), [0, 1, 2, 3, 4, 5]);
  // By distance from 0: 0, 3, 4 (0.5 each), 1 (1), 2 (2), 5 (3)
  assert.deepEqual(select({ rule: "small-gap", keep }), [0, 3, 4]);
  assert.deepEqual(select({ rule: "small-gap", keep: { count: 4 } }), [0, 1, 3, 4]);
});

Deno.test("rules that rank by another score read the scores, and say so where there are none", () => {
  const margins = of(9, 8, 7, 6);
  const scores = of(1, 3, 2, 3);
  const keep = { count: 2 };
  const select = (rule: SelectionRule) => selectPairs(rule, margins, { scores }).indices;
  assert.deepEqual(select({ rule: "top", keep }), [0, 1]);
  assert.deepEqual(select({ rule: "top", keep, by: "explicit" }), [1, 3]);
  assert.deepEqual(select({ rule: "bottom", keep, by: "votes" }), [0, 2]);
  // by falling score: 1, 3, 2, 0
  assert.deepEqual(select({ rule: "middle", keep, by: "explicit-minus-implicit" }), [2, 3]);
  assert.deepEqual(select({ rule: "lossdiff-irm", keep }), [1, 3]);
  // Chosen responses of 1, 3, 2 and 3 tokens: of equals the earlier pair.
  assert.deepEqual(select({ rule: "shortest", keep }), [0, 2]);
  assert.deepEqual(select({ rule: "shortest", keep: { count: 3 } }), [0, 1, 2]);
  assert.throws(
    () => selectPairs({ rule: "top", keep, by: "explicit" }, margins),
    /"top" ranks 4 pairs by "explicit" and has 0 scores/,
  );
  assert.throws(
    () => selectPairs({ rule: "lossdiff-irm", keep }, margins, { scores: of(1, NaN, 2, 3) }),
    /the score of pair 1 is NaN/,
  );
});

Deno.test("matched draws as many flipped pairs as the top has, and the rest of the others", () => {
  const margins = of(5, 4, 3, 2, 1, 0);
  const flipped = [true, false, false, true, true, true];
  const drawn = new Set<string>();
  for (let seed = 0; seed < 60; seed++) {
    const context = { flipped, prng: createPrng(seed, "matched") };
    const { indices } = selectPairs({ rule: "matched", keep: { count: 3 } }, margins, context);
    // The top three are 0 (flipped), 1 and 2.
    assert.equal(indices.filter((i) => flipped[i]).length, 1);
    assert.deepEqual(indices.filter((i) => !flipped[i]), [1, 2]);
    drawn.add(indices.find((i) => flipped[i])!.toString());
  }
  assert.deepEqual([...drawn].sort(), ["0", "3", "4", "5"]);
  const rule = { rule: "matched", keep: 0.5 } as const;
  assert.throws(() => selectPairs(rule, margins, { flipped }), /"matched" needs a generator/);
  assert.throws(() => selectPairs(rule, margins), /the matched rule .* knows of 0/);
});

Deno.test("the oracle with the count of another rule fills up with wrong pairs", () => {
  const flipped = [true, true, false, false, true];
  const select = (fill?: boolean) =>
    selectPairs(
      { rule: "oracle", keep: 0.6, order: "random", ...(fill === undefined ? {} : { fill }) },
      of(0, 0, 0, 0, 0),
      { flipped, prng: createPrng(1, "oracle") },
    ).indices;
  assert.deepEqual(select(false), [2, 3]);
  assert.equal(select().length, 3);
  assert.ok([2, 3].every((i) => select().includes(i)));
});

Deno.test("what a rule keeps pairs in the order of", () => {
  const margins = of(2, -3, 1, 0);
  const order = (rule: SelectionRule, scores?: Float64Array) => keepOrder(rule, margins, scores);
  const keep = 0.5;
  assert.deepEqual(order({ rule: "top", keep }), margins);
  assert.deepEqual(order({ rule: "bottom", keep }), of(-2, 3, -1, -0));
  assert.deepEqual(order({ rule: "small-gap", keep }), of(-2, -3, -1, -0));
  // Ranks 0, 3, 1, 2 around 1.25
  assert.deepEqual(order({ rule: "middle", keep }), of(-1.25, -1.75, -0.25, -0.75));
  assert.deepEqual(order({ rule: "threshold", tau: 0 }), margins);
  assert.deepEqual(order({ rule: "top", keep, by: "votes" }, of(1, 2, 3, 4)), of(1, 2, 3, 4));
  for (
    const rule of [
      { rule: "all" },
      { rule: "random", keep },
      { rule: "matched", keep },
      { rule: "oracle", keep },
    ] as const
  ) assert.equal(order(rule), null);
});

Deno.test("relabelling keeps every pair and swaps those of negative margin; no other rule swaps", () => {
  const margins = of(0.5, -1, 0, -0, 3, -1e-300);
  assert.deepEqual(selectPairs({ rule: "relabel" }, margins), {
    indices: [0, 1, 2, 3, 4, 5],
    swapped: [1, 5],
  });
  assert.deepEqual(selectPairs({ rule: "bottom", keep: 0.5 }, margins).swapped, []);
  assert.deepEqual(selectPairs({ rule: "relabel" }, of()), { indices: [], swapped: [] });
});

Deno.test("which rules read margins: the others need no scoring", () => {
  const keep = 0.5;
  assert.deepEqual(
    [
      { rule: "all" } as const,
      { rule: "random", keep } as const,
      { rule: "oracle", keep, order: "random" } as const,
      { rule: "top", keep } as const,
      { rule: "relabel" } as const,
      { rule: "oracle", keep } as const,
      { rule: "top", keep, by: "explicit" } as const,
      { rule: "top", keep, by: "explicit-minus-implicit" } as const,
      { rule: "top", keep, by: "votes" } as const,
      { rule: "lossdiff-irm", keep } as const,
      { rule: "matched", keep } as const,
      { rule: "shortest", keep } as const,
    ].map(usesMargins),
    [false, false, false, true, true, true, false, true, true, true, true, false],
  );
});

Deno.test("top, bottom and middle equal brute force over random margins with ties", () => {
  for (let seed = 0; seed < 300; seed++) {
    const { margins, count } = randomCase(seed);
    const total = margins.length;
    const k = Math.min(count, total);
    const keep = { count };
    const indices = [...margins.keys()];
    const negated = margins.map((margin) => -margin);
    assert.deepEqual(
      selectPairs({ rule: "top", keep }, margins).indices,
      indices.filter((i) => rankOf(margins, i) < k),
    );
    assert.deepEqual(
      selectPairs({ rule: "bottom", keep }, margins).indices,
      indices.filter((i) => rankOf(negated, i) < k),
    );
    const middle = selectPairs({ rule: "middle", keep }, margins).indices;
    const ranks = middle.map((i) => rankOf(margins, i)).sort((a, b) => a - b);
    const first = ranks[0] as number;
    assert.deepEqual(ranks, Array.from({ length: k }, (_, i) => first + i), "a band");
    const below = total - k - first;
    assert.ok(below - first === 0 || below - first === 1, "centred");
    assert.deepEqual(middle, middle.toSorted((a, b) => a - b));
  }
});

Deno.test("threshold and oracle equal brute force", () => {
  for (let seed = 0; seed < 300; seed++) {
    const { margins, flipped, count } = randomCase(seed);
    const k = Math.min(count, margins.length);
    const tau = margins[0] as number;
    assert.deepEqual(
      selectPairs({ rule: "threshold", tau }, margins).indices,
      [...margins.keys()].filter((i) => (margins[i] as number) >= tau),
    );
    const right = [...margins.keys()].filter((i) => !flipped[i]);
    const keep = { count };
    const prng = () => createPrng(seed, "oracle");
    for (const order of ["margin", "random"] as const) {
      const context = { flipped, prng: prng() };
      const filled = selectPairs({ rule: "oracle", keep, order }, margins, context).indices;
      assert.equal(filled.length, k);
      assert.equal(filled.filter((i) => !flipped[i]).length, Math.min(k, right.length));
      const pure = selectPairs(
        { rule: "oracle", keep, order, fill: false },
        margins,
        { flipped, prng: prng() },
      ).indices;
      assert.equal(pure.length, Math.min(k, right.length));
      assert.ok(pure.every((i) => !flipped[i]));
      if (order === "margin") {
        // No right pair that was left out ranks before one that was kept.
        const worst = Math.max(...pure.map((i) => rankOf(margins, i)));
        assert.ok(right.every((i) => pure.includes(i) || rankOf(margins, i) > worst));
      }
    }
  }
});

Deno.test("a random selection is a uniform draw, set by its generator", () => {
  const margins = Float64Array.from({ length: 10 }, (_, i) => i);
  const draw = (seed: number) =>
    selectPairs({ rule: "random", keep: { count: 3 } }, margins, { prng: createPrng(seed, "r") })
      .indices;
  assert.deepEqual(draw(5), draw(5));
  const counts = new Array<number>(10).fill(0);
  for (let seed = 0; seed < 2000; seed++) {
    const indices = draw(seed);
    assert.equal(new Set(indices).size, 3);
    for (const index of indices) counts[index] = (counts[index] as number) + 1;
  }
  // Binomial(2000, 0.3): mean 600, standard deviation 20.5; five of them on each side.
  assert.ok(counts.every((count) => Math.abs(count - 600) < 103), `${counts}`);
});

Deno.test("selecting does not touch the margins", () => {
  const margins = of(3, 1, 2);
  for (const rule of ["top", "bottom", "middle"] as const) {
    selectPairs({ rule, keep: { count: 2 } }, margins);
  }
  assert.deepEqual(margins, of(3, 1, 2));
});

Deno.test("what cannot be selected is named", () => {
  const keep = 0.5;
  assert.throws(
    () => selectPairs({ rule: "top", keep }, of(1, 2, NaN)),
    (error) => error instanceof UserError && error.message.includes("pair 2 is NaN"),
  );
  assert.throws(
    () => selectPairs({ rule: "random", keep }, of(1, 2)),
    /"random" needs a generator/,
  );
  assert.throws(
    () => selectPairs({ rule: "oracle", keep, order: "random" }, of(1), { flipped: [true] }),
    /"oracle" needs a generator/,
  );
  assert.throws(() => selectPairs({ rule: "oracle", keep }, of(1, 2)), /knows of 0/);
  assert.throws(
    () => selectPairs({ rule: "oracle", keep }, of(1, 2), { flipped: [true] }),
    /knows of 1/,
  );
  assert.throws(() => selectPairs({ rule: "threshold", tau: NaN }, of(1)), UserError);
  assert.throws(() => selectPairs({ rule: "best" } as unknown as SelectionRule, of(1)), /"best"/);
  for (
    const [rule, message] of [
      [{ rule: "best" }, /the rules are all, top, bottom/],
      [{ rule: "top", keep: 0.5, fixed: true }, /"top" has no field "fixed".* rule, keep, by/],
      [{ rule: "top", keep: 0.5, by: "implicit" }, /"implicit"; it must be explicit or/],
      [{ rule: "random", keep: 0.5, fixed: 1 }, /the fixed of .* is 1; it must be true or false/],
      [{ rule: "oracle", keep: 0.5, truth: "label" }, /"label"; it must be flip or gold/],
      [{ rule: "small-gap", keep: 0 }, /share to keep is 0/],
    ] as const
  ) assert.throws(() => checkSelectionRule(rule as unknown as SelectionRule), message);
});
