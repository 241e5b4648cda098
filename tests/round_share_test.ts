import assert from "node:assert/strict";
import { roundShare, shareOf } from "../lib/round_share.ts";

Deno.test("a share is the decimal product, whatever the floating-point one", () => {
  // In floating point 0.7 * 45 = 31.499999999999996, 0.7 * 90 = 62.99999999999999 and
  // 1.1 * 50 = 55.00000000000001.
  assert.equal(roundShare(0.7, 45), 32);
  assert.equal(Math.floor(shareOf(0.7, 90)), 63);
  assert.equal(Math.ceil(shareOf(1.1, 50)), 55);
});

Deno.test("halves are rounded up", () => {
  assert.equal(roundShare(0.7, 5), 4); // 3.5
  assert.equal(roundShare(0.3, 5), 2); // 1.5
  assert.equal(roundShare(0.7, 2000), 1400);
  assert.equal(roundShare(0.04, 10), 0);
  assert.equal(roundShare(1 / 3, 3), 1);
  assert.equal(roundShare(0, 7), 0);
});
