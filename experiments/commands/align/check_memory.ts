import { UserError } from "../../../lib/errors.ts";
import type { EngineInfo } from "../../../lib/engine/tensorflow.ts";
import type { OpenedPreferences } from "../../../lib/environments/preference_file/open_preferences.ts";
import { memoryWarning, WASM_BYTES, weightBytes } from "../../../lib/policy/memory.ts";
import { packedRows } from "../../../lib/policy/packing.ts";
import { groupOf } from "../../../lib/training/update.ts";

/** Copies of the weights: one under adapters; else policy, reference, gradient and two moments. */
const ADAPTED = 1, FULL = 5;

/**
 * What to say before a run whose passes do not fit into the free memory; undefined where they do, or
 * where the memory is a GPU's.
 *
 * @throws {UserError} on the wasm backend, which cannot go beyond its address space
 */
export function checkMemory(
  { files: { config }, lora, pairs }: Pick<OpenedPreferences, "files" | "lora" | "pairs">,
  maxRows: number,
  { backend, device, nativeOps }: EngineInfo,
): string | undefined {
  if (device === "gpu") return undefined;
  const isWasm = backend === "wasm";
  const { available } = Deno.systemMemoryInfo();
  const weights = (lora === undefined ? FULL : ADAPTED) * weightBytes(config);
  const warning = memoryWarning(config, {
    groupRows: pairs.map((pair) => packedRows(groupOf(pair))),
    longest: pairs.reduce(
      (most, { promptIds, chosenIds, rejectedIds }) =>
        Math.max(most, promptIds.length + Math.max(chosenIds.length, rejectedIds.length)),
      0,
    ),
    maxRows,
    fused: nativeOps,
    free: Math.max(0, (isWasm ? Math.min(available, WASM_BYTES) : available) - weights),
  });
  if (warning !== undefined && isWasm) throw new UserError(`${warning}, or set up TensorFlow`);
  return warning;
}
