import assert from "node:assert/strict";

/** |actual - expected| <= tolerance * max(1, |expected|), or <= `absolute`. */
export function assertClose(
  actual: number,
  expected: number,
  tolerance: number,
  what: string,
  absolute = 0,
): void {
  const apart = Math.abs(actual - expected);
  const allowed = Math.max(absolute, tolerance * Math.max(1, Math.abs(expected)));
  assert.ok(apart <= allowed, `${what}: ${actual}, reference ${expected}, apart ${apart}`);
}

/** The same for lists of one length. */
export function assertAllClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
  absolute = 0,
): void {
  assert.equal(actual.length, expected.length, `${what}: count`);
  for (let i = 0; i < expected.length; i++) {
    assertClose(actual[i]!, expected[i]!, tolerance, `${what}[${i}]`, absolute);
  }
}
