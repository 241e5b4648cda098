import assert from "node:assert/strict";
import { decodeBf16, decodeF16, encodeBf16, encodeF16 } from "../../../lib/policy/io/half.ts";

/** value, binary16 bits, bfloat16 bits; from IEEE 754's layouts, by hand. */
const EXACT: [number, number, number][] = [
  [0, 0x0000, 0x0000],
  [-0, 0x8000, 0x8000],
  [1, 0x3c00, 0x3f80],
  [-2.5, 0xc100, 0xc020],
  [Infinity, 0x7c00, 0x7f80],
  [-Infinity, 0xfc00, 0xff80],
];

const bits = (bytes: Uint8Array) => [...new Uint16Array(bytes.buffer)];
const bytesOf = (halves: number[]) => new Uint8Array(Uint16Array.from(halves).buffer);

Deno.test("exact values have their bit patterns, both ways", () => {
  for (const [value, f16, bf16] of EXACT) {
    assert.deepEqual(bits(encodeF16(Float32Array.of(value))), [f16]);
    assert.deepEqual(bits(encodeBf16(Float32Array.of(value))), [bf16]);
    assert.ok(Object.is(decodeF16(bytesOf([f16]))[0], value));
    assert.ok(Object.is(decodeBf16(bytesOf([bf16]))[0], value));
  }
});

Deno.test("every bit pattern survives decoding and encoding", () => {
  const all = Array.from({ length: 65536 }, (_, i) => i);
  const isNumber = (i: number, exponent: number, mantissa: number) =>
    (i & exponent) !== exponent || (i & mantissa) === 0;
  const f16 = bits(encodeF16(decodeF16(bytesOf(all))));
  const bf16 = bits(encodeBf16(decodeBf16(bytesOf(all))));
  for (const i of all) {
    if (isNumber(i, 0x7c00, 0x03ff)) assert.equal(f16[i], i);
    if (isNumber(i, 0x7f80, 0x007f)) assert.equal(bf16[i], i);
  }
});

Deno.test("encoding rounds to nearest, ties to even, and keeps NaN", () => {
  const ulp = 2 ** -7; // of bfloat16 at 1
  const cases: [number, number][] = [
    [1 + 0.4 * ulp, 0x3f80],
    [1 + 0.5 * ulp, 0x3f80],
    [1 + 0.6 * ulp, 0x3f81],
    [1 + 1.5 * ulp, 0x3f82],
    [3.4e38, 0x7f80],
  ];
  for (const [value, expected] of cases) {
    assert.deepEqual(bits(encodeBf16(Float32Array.of(value))), [expected], String(value));
  }
  assert.ok(Number.isNaN(decodeBf16(encodeBf16(Float32Array.of(NaN)))[0]));
  assert.ok(Number.isNaN(decodeF16(encodeF16(Float32Array.of(NaN)))[0]));
  const noisyNaN = new Float32Array(Uint32Array.of(0x7f800001).buffer);
  assert.ok(Number.isNaN(decodeBf16(encodeBf16(noisyNaN))[0]));
});

Deno.test("bytes at an odd address are read too", () => {
  const bytes = Uint8Array.of(0xff, 0x00, 0x3c, 0x80, 0x3f);
  assert.equal(decodeF16(bytes.subarray(1, 3))[0], 1);
  assert.equal(decodeBf16(bytes.subarray(3, 5))[0], 1);
});
