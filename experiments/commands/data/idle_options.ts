import { idleFor, type IdleOptions } from "../../../lib/cli/idle_options.ts";
import type { DataOptions } from "./options.ts";

/** Options of `data` without effect beside the others. */
export function idleOptions(
  { model, flipLabels, flipBy }: DataOptions,
): IdleOptions<keyof DataOptions> {
  return new Map<keyof DataOptions, string>([
    ...(model === undefined
      ? idleFor(["maxLength", "chatTemplate"], "lengths in characters (no --model)")
      : []),
    ...(flipBy === "uniform" ? idleFor(["flipTemperature"], "--flip-by uniform") : []),
    ...(flipLabels === 0
      ? idleFor(["flipBy", "flipTemperature"], "no labels to flip (no --flip-labels)")
      : []),
  ]);
}
