/**
 * Named float32 tensors of a model, under Hugging Face's names and layouts
 * (`model.layers.0.self_attn.q_proj.weight` is [out, in]).
 */
export interface WeightSource {
  /** Where it came from, for messages. */
  readonly origin: string;
  /** Of all tensors. */
  readonly names: readonly string[];
  /** Shape of a tensor. Throws `UserError` naming the tensor if it is absent. */
  shape(name: string): readonly number[];
  /** Row-major float32 values, dequantised. Throws `UserError` naming the tensor. */
  read(name: string): Promise<Float32Array>;
}
