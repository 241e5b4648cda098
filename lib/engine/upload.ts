import { engine, type Tensor } from "./tensorflow.ts";

/**
 * Copies a tensor's values to the backend now, and returns it.
 *
 * TensorFlow.js keeps the array that a tensor was made of until an op first reads the tensor: models
 * loaded without this would be in memory twice at their first use.
 */
export function upload<T extends Tensor>(tensor: T): T {
  const { raw } = engine();
  if (raw !== undefined) {
    const type = { name: "T", type: raw.attr.type, value: raw.dtype.float32 };
    raw.execute("Identity", [type], [tensor], 1)[0]?.dispose();
  }
  return tensor;
}
