import assert from "node:assert/strict";
import { drawCorruption, type PairFacts } from "../../lib/datasets/corruption.ts";
import { createPrng } from "../../lib/random/prng.ts";
import { assertUserError } from "../support/errors.ts";

const prng = (purpose: string) => createPrng(3, "test", purpose);
const NONE = { lengthConfound: 0, flipRate: 0, flipBy: "uniform", flipTemperature: 1 } as const;

/** Pairs whose gap grows with their position; every third chosen response is the shorter one. */
const pairs: PairFacts[] = Array.from({ length: 900 }, (_, i) => ({
  id: String(i),
  gap: i / 100,
  chosenLength: i % 3 === 0 ? 5 : 9,
  rejectedLength: 7,
}));

Deno.test("uniform flips are exactly the share, and nested", () => {
  const few = drawCorruption(pairs, { ...NONE, flipRate: 0.2 }, prng);
  const many = drawCorruption(pairs, { ...NONE, flipRate: 0.4 }, prng);
  assert.equal(few.size, 180);
  assert.equal(many.size, 360);
  for (const [i, change] of few) {
    assert.deepEqual(change, { length: false, noise: true, flipped: true });
    assert.ok(many.has(i));
  }
});

Deno.test("flips by gap fall on small gaps, in proportion to a logistic of the gap", () => {
  const flips = drawCorruption(pairs, { ...NONE, flipRate: 0.1, flipBy: "gap" }, prng);
  assert.equal(flips.size, 90);
  const small = [...flips.keys()].filter((i) => i < 300).length; // gaps below 3 of 0 to 9
  // Weights 1 / (1 + e^gap): 0.94 of their sum lie below a gap of 3.
  assert.ok(small / 90 > 0.85, `${small} of 90`);
  const flat = { ...NONE, flipRate: 0.1, flipBy: "gap", flipTemperature: 1e6 } as const;
  const spread = [...drawCorruption(pairs, flat, prng).keys()].filter((i) => i < 300).length;
  assert.ok(spread > 15 && spread < 45, `${spread} of 90`);
});

Deno.test("a length confound sets labels to the longer response", () => {
  const changes = drawCorruption(pairs, { ...NONE, lengthConfound: 1 }, prng);
  assert.deepEqual([...changes.keys()], pairs.flatMap((_, i) => i % 3 === 0 ? [i] : []));
  const half = drawCorruption(pairs, { ...NONE, lengthConfound: 0.5 }, prng);
  assert.ok(half.size > 120 && half.size < 180, String(half.size));
  for (const i of half.keys()) assert.ok(changes.has(i));
});

Deno.test("a label that both exchange says again what it said", () => {
  const both = drawCorruption(pairs, { ...NONE, lengthConfound: 1, flipRate: 1 }, prng);
  assert.equal(both.size, 900);
  for (const [i, { length, noise, flipped }] of both) {
    assert.deepEqual([length, noise, flipped], [i % 3 === 0, true, i % 3 !== 0]);
  }
});

Deno.test("flips by gap need scores; shares are checked", async () => {
  const unscored = [{ ...pairs[0]!, gap: undefined }];
  const config = { ...NONE, flipRate: 0.5, flipBy: "gap" } as const;
  await assertUserError(
    () => drawCorruption(unscored, config, prng),
    "pair 0",
    "--flip-by uniform",
  );
  await assertUserError(() => drawCorruption(pairs, { ...NONE, lengthConfound: 2 }, prng), "got 2");
});
