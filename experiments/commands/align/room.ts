import type { OpenedPreferences } from "../../../lib/environments/preference_file/open_preferences.ts";
import { expectedTensors } from "../../../lib/policy/io/tensor_table.ts";
import { loraBlocks } from "../../../lib/policy/lora.ts";

/**
 * Bytes that a run's folder may come to hold: what trains, as float32, once per iteration and as the
 * result, two checkpoints with their moments, and 64 MiB of everything else.
 */
export function roomNeeded(
  { files: { config }, lora }: Pick<OpenedPreferences, "files" | "lora">,
  iterations: number,
): number {
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const trained = lora === undefined
    ? sum([...expectedTensors(config).values()].map((shape) => shape.reduce((a, b) => a * b, 1)))
    : config.layers * lora.rank *
      sum(loraBlocks(config, lora).map(({ inputs, width }) => inputs + width));
  return 4 * trained * (iterations + 1 + 2 * 3) + 64 * 2 ** 20;
}
