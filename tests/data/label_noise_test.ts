import assert from "node:assert/strict";
import { flipLabels } from "../../lib/data/label_noise.ts";
import type { TokenizedPair } from "../../lib/data/preference.ts";
import { createPrng } from "../../lib/random/prng.ts";

const DATA: TokenizedPair[] = Array.from({ length: 57 }, (_, i) => ({
  id: `${i}`,
  promptIds: Int32Array.of(1),
  chosenIds: Int32Array.of(2, i),
  rejectedIds: Int32Array.of(3, i),
}));
const flip = (rate: number, seed = 0) => flipLabels(DATA, rate, createPrng(seed, "flip"));

Deno.test("exactly round(rate n) labels are flipped, and every pair says whether it was", () => {
  for (const rate of [0, 0.1, 0.2, 0.5, 1]) {
    const { pairs, flippedIds } = flip(rate);
    assert.equal(flippedIds.length, Math.round(rate * DATA.length));
    assert.deepEqual(pairs.filter(({ flipped }) => flipped).map(({ id }) => id), flippedIds);
    pairs.forEach((pair, i) => {
      const { id, promptIds, chosenIds, rejectedIds } = DATA[i] as TokenizedPair;
      assert.deepEqual(pair, {
        id,
        promptIds,
        chosenIds: pair.flipped ? rejectedIds : chosenIds,
        rejectedIds: pair.flipped ? chosenIds : rejectedIds,
        flipped: flippedIds.includes(id),
      });
    });
  }
});

Deno.test("flips are seeded, differ between seeds, and a higher rate keeps those of a lower one", () => {
  assert.deepEqual(flip(0.3), flip(0.3));
  assert.notDeepEqual(flip(0.3, 1).flippedIds, flip(0.3, 2).flippedIds);
  const more = new Set(flip(0.4).flippedIds);
  assert.ok(flip(0.2).flippedIds.every((id) => more.has(id)));
});

Deno.test("flipping twice undoes; a rate out of range is refused", () => {
  const all = flip(1).pairs;
  const back = flipLabels(all, 1, createPrng(1, "flip")).pairs;
  assert.deepEqual(back, DATA.map((pair) => ({ ...pair, flipped: false })));
  for (const bad of [-0.1, 1.1, NaN]) {
    assert.throws(() => flip(bad), { name: "UserError", message: /must be in \[0, 1\], got/ });
  }
});

Deno.test("weights say which labels are flipped, and how often", () => {
  const weights = DATA.map((_, i) => i < 7 ? 0 : i < 32 ? 1 : 3);
  const counts = [0, 0, 0];
  for (let seed = 0; seed < 400; seed++) {
    const { flippedIds } = flipLabels(DATA, 1 / 57, createPrng(seed, "flip"), weights);
    assert.equal(flippedIds.length, 1);
    const i = Number(flippedIds[0]);
    counts[i < 7 ? 0 : i < 32 ? 1 : 2]!++;
  }
  // 25 labels of weight 1 and 25 of weight 3: a quarter of the flips, within four standard errors.
  assert.equal(counts[0], 0);
  assert.ok(Math.abs(counts[1]! / 400 - 0.25) < 4 * Math.sqrt(0.25 * 0.75 / 400), `${counts}`);
  const some = flipLabels(DATA, 0.2, createPrng(1, "flip"), weights).flippedIds;
  const more = new Set(flipLabels(DATA, 0.5, createPrng(1, "flip"), weights).flippedIds);
  assert.ok(some.every((id) => more.has(id)), "a higher rate keeps those of a lower one");
  assert.throws(() => flipLabels(DATA, 1, createPrng(0), weights), {
    name: "UserError",
    message: "57 labels are to be flipped, and only 50 of 57 can be",
  });
});
