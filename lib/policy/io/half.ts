/**
 * Half-precision values (IEEE binary16 and bfloat16), little-endian, to and from float32.
 *
 * `bytes` may start at any address: it is copied when it is not 2-byte aligned.
 */

let f16Table: Float32Array | undefined;

/** The float32 value of each of the 65,536 binary16 bit patterns. */
export function f16Values(): Float32Array {
  if (f16Table === undefined) {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    f16Table = new Float32Array(new Float16Array(bits.buffer));
  }
  return f16Table;
}

function asUint16(bytes: Uint8Array): Uint16Array {
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice();
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 2);
}

/** binary16 to float32, exact. */
export function decodeF16(bytes: Uint8Array): Float32Array {
  const table = f16Values();
  const halves = asUint16(bytes);
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) values[i] = table[halves[i]!]!;
  return values;
}

/** bfloat16 to float32, exact. */
export function decodeBf16(bytes: Uint8Array): Float32Array {
  const halves = asUint16(bytes);
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return new Float32Array(bits.buffer);
}

/** float32 to binary16, rounded to nearest, ties to even. */
export function encodeF16(values: Float32Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Float16Array(values).buffer);
}

/** float32 to bfloat16, rounded to nearest, ties to even; NaN stays NaN. */
export function encodeBf16(values: Float32Array): Uint8Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const b = bits[i]!;
    const isNaN = (b & 0x7fffffff) > 0x7f800000;
    halves[i] = isNaN ? (b >>> 16) | 0x0040 : (b + 0x7fff + ((b >>> 16) & 1)) >>> 16;
  }
  return new Uint8Array(halves.buffer);
}
