import type { Tensor2D, TensorFlow } from "../tensorflow.ts";
import type { Ops } from "./types.ts";

/** GELU (Hendrycks and Gimpel 2016) in its exact form, x Phi(x), and its gradient. */
export function geluOps(tf: TensorFlow): Pick<Ops, "gelu" | "geluGrad"> {
  /** The standard normal distribution function. */
  const phi = (x: Tensor2D) => tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
  return {
    gelu: (x) => tf.tidy(() => tf.mul(x, phi(x)) as Tensor2D),
    geluGrad: (dy, x) =>
      tf.tidy(() => {
        const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return tf.mul(dy, tf.add(phi(x), tf.mul(x, density))) as Tensor2D;
      }),
  };
}
