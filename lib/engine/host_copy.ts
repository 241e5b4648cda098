import type { Tensor } from "./tensorflow.ts";

/**
 * A tensor's values in an array of their own.
 *
 * tfjs-node makes a tensor around the array it was given, without a copy, and until the tensor is
 * first used it reads that same array back. Kernels that update in place (AdamW) would then change
 * what was read: whoever keeps values of a trainable tensor reads them here.
 */
export async function hostCopy(tensor: Tensor): Promise<Float32Array<ArrayBuffer>> {
  return (await tensor.data()).slice() as Float32Array<ArrayBuffer>;
}
