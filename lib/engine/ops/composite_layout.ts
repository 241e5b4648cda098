import type { Tensor, Tensor1D, Tensor2D, TensorFlow } from "../tensorflow.ts";
import type { AttentionLayout, Segment } from "./types.ts";

/** Attention over packed rows by gathering each segment into a padded slot grid. */
export interface PaddedLayout extends AttentionLayout {
  /** Packed row of each query slot, [S * Q]; padding slots hold row 0. */
  readonly queryRows: Tensor1D;
  /** 1 for real query slots, 0 for padding, [S * Q, 1]. */
  readonly queryValid: Tensor2D;
  /** Packed row of each key slot (prefix, then the segment itself), [S * L]. */
  readonly keyRows: Tensor1D;
  /** Query slot of each packed row, [N]. */
  readonly slotOfRow: Tensor1D;
  /** 0 where a query sees a key, -1e9 elsewhere, [S, 1, Q, L]; within a window if given. */
  maskOf(window: number | undefined): Tensor;
}

/** Builds the slot grid. Every packed row must be in exactly one segment. */
export function compositeLayout(
  tf: TensorFlow,
  segments: readonly Segment[],
  rows: number,
): PaddedLayout {
  const queries = Math.max(1, ...segments.map((s) => s.length));
  const keys = Math.max(1, ...segments.map((s) => s.prefixLength + s.length));
  const queryRows = new Int32Array(segments.length * queries);
  const valid = new Float32Array(segments.length * queries);
  const keyRows = new Int32Array(segments.length * keys);
  const slotOfRow = new Int32Array(rows);
  segments.forEach((s, index) => {
    for (let i = 0; i < s.prefixLength; i++) keyRows[index * keys + i] = s.prefixStart + i;
    for (let i = 0; i < s.length; i++) {
      const slot = index * queries + i;
      queryRows[slot] = s.start + i;
      valid[slot] = 1;
      slotOfRow[s.start + i] = slot;
      keyRows[index * keys + s.prefixLength + i] = s.start + i;
    }
  });
  const layout = {
    queryRows: tf.keep(tf.tensor1d(queryRows, "int32")),
    queryValid: tf.keep(tf.tensor2d(valid, [valid.length, 1])),
    keyRows: tf.keep(tf.tensor1d(keyRows, "int32")),
    slotOfRow: tf.keep(tf.tensor1d(slotOfRow, "int32")),
  };
  const masks = new Map<number | undefined, Tensor>();
  const maskOf = (window: number | undefined): Tensor => {
    const known = masks.get(window);
    if (known !== undefined) return known;
    const values = new Float32Array(segments.length * queries * keys).fill(-1e9);
    segments.forEach((s, index) => {
      for (let i = 0; i < s.length; i++) {
        const start = (index * queries + i) * keys, seen = s.prefixLength + i + 1;
        values.fill(0, start + Math.max(0, seen - (window ?? seen)), start + seen);
      }
    });
    const mask = tf.keep(tf.tensor4d(values, [segments.length, 1, queries, keys]));
    masks.set(window, mask);
    return mask;
  };
  const tensors = Object.values(layout) as Tensor[];
  const dispose = () => tf.dispose([...tensors, ...masks.values()]);
  return { ...layout, maskOf, segments, rows, tensors, dispose };
}
