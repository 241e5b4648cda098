/** Writes `source` [out, in] transposed into columns of `target` [in, columns], row o at `at(o)`. */
export function putTransposed(
  target: Float32Array,
  columns: number,
  source: Float32Array,
  inputs: number,
  at: (row: number) => number,
): void {
  const tile = 32, out = source.length / inputs;
  for (let o0 = 0; o0 < out; o0 += tile) {
    for (let i0 = 0; i0 < inputs; i0 += tile) {
      for (let o = o0; o < Math.min(out, o0 + tile); o++) {
        const column = at(o);
        for (let i = i0; i < Math.min(inputs, i0 + tile); i++) {
          target[i * columns + column] = source[o * inputs + i] as number;
        }
      }
    }
  }
}

/** The inverse of `putTransposed`: columns of a [in, columns] matrix as [out, in]. */
export function takeTransposed(
  source: Float32Array,
  columns: number,
  out: number,
  inputs: number,
  at: (row: number) => number,
): Float32Array {
  const target = new Float32Array(out * inputs);
  for (let o = 0; o < out; o++) {
    const column = at(o);
    for (let i = 0; i < inputs; i++) {
      target[o * inputs + i] = source[i * columns + column] as number;
    }
  }
  return target;
}
