/** The model's operations in float64, by plain loops: the truth that both implementations meet. */
import type { AttentionShape, Segment } from "../../../lib/engine/ops/types.ts";

/** A row-major matrix. */
export interface Matrix {
  readonly columns: number;
  readonly values: Float64Array;
}

/** Copies values into a matrix. */
export function matrix(values: ArrayLike<number>, columns: number): Matrix {
  return { columns, values: Float64Array.from(values) };
}

/** Attention over packed rows, one query at a time. */
export function attention(
  qkv: Matrix,
  segments: readonly Segment[],
  { heads, kvHeads, headDim }: AttentionShape,
): Matrix {
  const { columns, values } = qkv;
  const out = new Float64Array(values.length / columns * heads * headDim);
  const dot = (a: number, b: number) => {
    let sum = 0;
    for (let i = 0; i < headDim; i++) sum += values[a + i]! * values[b + i]!;
    return sum;
  };
  for (const { start, length, prefixStart, prefixLength } of segments) {
    for (let row = start; row < start + length; row++) {
      const seen = [
        ...Array.from({ length: prefixLength }, (_, i) => prefixStart + i),
        ...Array.from({ length: row - start + 1 }, (_, i) => start + i),
      ];
      for (let head = 0; head < heads; head++) {
        const kv = Math.floor(head * kvHeads / heads);
        const query = row * columns + head * headDim;
        const scores = seen.map((other) =>
          dot(query, other * columns + (heads + kv) * headDim) / Math.sqrt(headDim)
        );
        const top = Math.max(...scores);
        const weights = scores.map((score) => Math.exp(score - top));
        const total = weights.reduce((a, b) => a + b, 0);
        seen.forEach((other, k) => {
          const value = other * columns + (heads + kvHeads + kv) * headDim;
          for (let i = 0; i < headDim; i++) {
            const to = (row * heads + head) * headDim + i;
            out[to] = out[to]! + weights[k]! / total * values[value + i]!;
          }
        });
      }
    }
  }
  return { columns: heads * headDim, values: out };
}

/** Rotates query and key heads by position times frequency. */
export function rope(
  qkv: Matrix,
  positions: ArrayLike<number>,
  frequencies: ArrayLike<number>,
  { heads, kvHeads, headDim }: AttentionShape,
): Matrix {
  const half = headDim / 2;
  const out = qkv.values.slice();
  for (let row = 0; row < positions.length; row++) {
    for (let head = 0; head < heads + kvHeads; head++) {
      for (let i = 0; i < half; i++) {
        const at = row * qkv.columns + head * headDim + i;
        const angle = positions[row]! * frequencies[i]!;
        const [a, b] = [qkv.values[at]!, qkv.values[at + half]!];
        out[at] = a * Math.cos(angle) - b * Math.sin(angle);
        out[at + half] = b * Math.cos(angle) + a * Math.sin(angle);
      }
    }
  }
  return { columns: qkv.columns, values: out };
}

/** x / sqrt(mean(x^2) + eps) * weight, row by row. */
export function rmsNorm(x: Matrix, weight: ArrayLike<number>, eps: number): Matrix {
  const { columns, values } = x;
  const out = new Float64Array(values.length);
  for (let at = 0; at < values.length; at += columns) {
    const row = values.subarray(at, at + columns);
    const rms = Math.sqrt(row.reduce((sum, v) => sum + v * v, 0) / columns + eps);
    row.forEach((v, i) => out[at + i] = v / rms * weight[i]!);
  }
  return { columns, values: out };
}

/** silu(gate) * up, of rows gate | up. */
export function swiglu(gateUp: Matrix): Matrix {
  const half = gateUp.columns / 2, rows = gateUp.values.length / gateUp.columns;
  const out = new Float64Array(rows * half);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < half; i++) {
      const gate = gateUp.values[row * gateUp.columns + i]!;
      out[row * half + i] = gate / (1 + Math.exp(-gate)) *
        gateUp.values[row * gateUp.columns + half + i]!;
    }
  }
  return { columns: half, values: out };
}

/** log softmax(logits[m])[targets[m]], one column. */
export function tokenLogps(logits: Matrix, targets: ArrayLike<number>): Matrix {
  const { columns, values } = logits;
  const out = Float64Array.from({ length: targets.length }, (_, m) => {
    const row = values.subarray(m * columns, (m + 1) * columns);
    const top = row.reduce((a, b) => Math.max(a, b));
    return row[targets[m]!]! - top - Math.log(row.reduce((sum, v) => sum + Math.exp(v - top), 0));
  });
  return { columns: 1, values: out };
}

/** Gradient of sum(dy * f(x)) in x by central differences: right to about 1e-9. */
export function numericGradient(
  f: (x: Matrix) => Matrix,
  x: Matrix,
  dy: ArrayLike<number>,
): Float64Array {
  const step = 1e-5;
  const value = (index: number, change: number) => {
    const values = x.values.slice();
    values[index] = values[index]! + change;
    return f({ columns: x.columns, values }).values.reduce((sum, y, i) => sum + y * dy[i]!, 0);
  };
  return x.values.map((_, i) => (value(i, step) - value(i, -step)) / (2 * step));
}
