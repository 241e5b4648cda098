import type { Tensor, Tensor1D, Tensor2D, TensorFlow } from "../tensorflow.ts";
import type { Ops } from "./types.ts";

/** LayerNorm (Ba et al. 2016) and its gradient from ordinary ops. */
export function layerNormOps(tf: TensorFlow): Pick<Ops, "layerNorm" | "layerNormGrad"> {
  const centred = (x: Tensor2D) => tf.sub(x, tf.mean(x, 1, true));
  return {
    layerNorm: (x, weight, bias, eps) => {
      const [y, inverse] = tf.tidy(() => {
        const c = centred(x);
        const inv = tf.rsqrt(tf.add(tf.mean(tf.square(c), 1, true), eps));
        return [tf.add(tf.mul(tf.mul(c, inv), weight), bias), tf.reshape(inv, [-1])];
      });
      return { y: y as Tensor2D, inverse: inverse as Tensor1D };
    },
    layerNormGrad: (dy, x, weight, inverse, residual, weightGrad) => {
      const [dx, dweight, dbias] = tf.tidy(() => {
        const inv = tf.expandDims(inverse, 1);
        const normed = tf.mul(centred(x), inv);
        const g = tf.mul(dy, weight);
        const along = tf.mul(normed, tf.mean(tf.mul(g, normed), 1, true));
        const grad = tf.mul(tf.sub(tf.sub(g, tf.mean(g, 1, true)), along), inv);
        const total = residual === undefined ? grad : tf.add(grad, residual);
        return weightGrad ? [total, tf.sum(tf.mul(dy, normed), 0), tf.sum(dy, 0)] : [total];
      }) as Tensor[];
      return {
        dx: dx as Tensor2D,
        dweight: dweight as Tensor1D | undefined,
        dbias: dbias as Tensor1D | undefined,
      };
    },
  };
}
