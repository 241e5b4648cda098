import assert from "node:assert/strict";
import { UserError } from "../../lib/errors.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { keepCount } from "../../lib/selection/keep_count.ts";
import { selectPairs } from "../../lib/selection/select.ts";
import {
  type SelectionRule,
  selectionRules,
  usesMargins,
} from "../../lib/selection/selection_rule.ts";

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
    ].map(usesMargins),
    [false, false, false, true, true, true],
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
  assert.equal(selectionRules.length, 8);
});
