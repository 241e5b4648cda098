import { idleFor, type IdleOptions } from "../../../lib/cli/idle_options.ts";
import type { SftOptions } from "./options.ts";

/** Options of `sft` without effect beside the others. */
export function idleOptions({ full, trainOn }: SftOptions): IdleOptions<keyof SftOptions> {
  return new Map<keyof SftOptions, string>([
    ...(full ? idleFor(["rank", "loraAlpha", "dropout", "targets", "merge"], "--full") : []),
    ...(trainOn === "all" ? idleFor(["turns"], "--train-on all") : []),
  ]);
}
