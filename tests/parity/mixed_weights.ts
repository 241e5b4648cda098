/** The weights of `tools/parity/mixed_weights.py`, and a model of them. */
import type { ModelConfig } from "../../lib/policy/config.ts";
import { expectedTensors } from "../../lib/policy/io/tensor_table.ts";
import { LanguageModel } from "../../lib/policy/language_model.ts";
import { loadParameters } from "../../lib/policy/parameters.ts";

/** Numbers in [-scale / 2, scale / 2), the same for the same name in Python and here. */
export function mixed(name: string, size: number, scale: number): Float32Array {
  let seed = 2166136261;
  for (const byte of new TextEncoder().encode(name)) seed = Math.imul(seed ^ byte, 16777619);
  const offset = Math.imul(2654435769, seed);
  return Float32Array.from({ length: size }, (_, i) => {
    let h = (i + offset) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
    return ((h >>> 0) / 2 ** 32 - 0.5) * scale;
  });
}

/** A parameter's value: norms around 1, biases around 0, tables and matrices scaled by width. */
function initial(name: string, shape: readonly number[]): Float32Array {
  const [rows = 1, columns] = shape;
  if (columns === undefined) {
    const values = mixed(name, rows, 0.6);
    return name.endsWith(".weight") ? values.map((value) => value + 1) : values;
  }
  const scale = /embed_(in|tokens)/.test(name) ? 2 : 5 / Math.sqrt(columns);
  return mixed(name, rows * columns, scale);
}

/** A model of these weights, all of it trainable. The engine must be loaded. */
export async function mixedModel(config: ModelConfig): Promise<LanguageModel> {
  const tensors = expectedTensors(config);
  const parameters = await loadParameters(config, {
    origin: "mixed",
    names: [...tensors.keys()],
    shape: (name) => tensors.get(name)!,
    read: (name) => Promise.resolve(initial(name, tensors.get(name)!)),
  });
  return new LanguageModel(config, parameters);
}
