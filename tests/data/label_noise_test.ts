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
