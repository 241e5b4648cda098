import type { Tensor, Tensor2D, Tensor4D, TensorFlow } from "../tensorflow.ts";
import type { AttentionShape, DecodeCache } from "./types.ts";

/** Key and value cache from ordinary ops: prompts gathered once, one concatenation a token. */
export function compositeDecodeCache(
  tf: TensorFlow,
  matMul: (a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean) => Tensor,
  promptQkv: Tensor2D,
  spans: Int32Array,
  shape: AttentionShape,
): DecodeCache {
  const { heads, kvHeads, headDim } = shape;
  const count = spans.length / 2;
  const longest = Math.max(1, ...spans.filter((_, i) => i % 2 === 1));
  const index = new Int32Array(count * longest);
  const hidden = new Float32Array(count * longest).fill(-1e9);
  for (let b = 0; b < count; b++) {
    const start = spans[2 * b] ?? 0, length = spans[2 * b + 1] ?? 0;
    for (let i = 0; i < length; i++) {
      index[b * longest + i] = start + i;
      hidden[b * longest + i] = 0;
    }
  }
  /** Key or value heads of [M, W] rows as [B, KV, T, headDim]. */
  const columns = (x: Tensor, first: number, batch: number): Tensor4D =>
    tf.transpose(
      tf.reshape(tf.slice(x, [0, first * headDim], [-1, kvHeads * headDim]), [
        batch,
        -1,
        kvHeads,
        headDim,
      ]),
      [0, 2, 1, 3],
    );
  let [keys, values, mask] = tf.tidy(() => {
    const rows = tf.gather(promptQkv, tf.tensor1d(index, "int32"));
    return [
      columns(rows, heads, count),
      columns(rows, heads + kvHeads, count),
      tf.tensor4d(hidden, [count, 1, 1, longest]),
    ];
  }) as [Tensor4D, Tensor4D, Tensor4D];
  for (const tensor of [keys, values, mask]) tf.keep(tensor);
  /** Prompt tokens of each response, and tokens decoded so far. */
  let lengths = Array.from({ length: count }, (_, b) => spans[2 * b + 1] ?? 0), steps = 0;
  /** Hides the keys that have left the window, [B, 1, 1, T]. */
  const outside = (window: number) => {
    const own = steps + longest; // columns: prompts padded to the longest, then decoded tokens
    const hiddenKeys = new Float32Array(lengths.length * own);
    lengths.forEach((length, b) => {
      const first = length + steps - window; // first position in sight; the new one is length + steps - 1
      for (let i = 0; i < own; i++) {
        const position = i < longest ? i : length + i - longest;
        if (position < first) hiddenKeys[b * own + i] = -1e9;
      }
    });
    return tf.tensor4d(hiddenKeys, [lengths.length, 1, 1, own]);
  };
  const replace = (next: [Tensor4D, Tensor4D, Tensor4D]) => {
    tf.dispose([keys, values, mask]);
    [keys, values, mask] = next;
    for (const tensor of next) tf.keep(tensor);
  };
  return {
    attend: (qkv) => {
      const batch = qkv.shape[0];
      replace(
        tf.tidy(() => [
          tf.concat([keys, columns(qkv, heads, batch)], 2),
          tf.concat([values, columns(qkv, heads + kvHeads, batch)], 2),
          tf.concat([mask, tf.zeros([batch, 1, 1, 1])], 3),
        ]) as [Tensor4D, Tensor4D, Tensor4D],
      );
      steps++;
      return tf.tidy(() => {
        const q = tf.reshape(tf.slice(qkv, [0, 0], [-1, heads * headDim]), [
          batch,
          kvHeads,
          heads / kvHeads,
          headDim,
        ]);
        const scores = tf.mul(matMul(q, keys, false, true), 1 / Math.sqrt(headDim));
        const seen = shape.window === undefined ? mask : tf.add(mask, outside(shape.window));
        const y = matMul(tf.softmax(tf.add(scores, seen)), values);
        return tf.reshape(y, [batch, heads * headDim]) as Tensor2D;
      });
    },
    keep: (rows) => {
      lengths = Array.from(rows, (row) => lengths[row] as number);
      replace(
        tf.tidy(() => {
          const ids = tf.tensor1d(rows, "int32");
          return [keys, values, mask].map((t) => tf.gather(t, ids));
        }) as [Tensor4D, Tensor4D, Tensor4D],
      );
    },
    dispose: () => tf.dispose([keys, values, mask]),
  };
}
