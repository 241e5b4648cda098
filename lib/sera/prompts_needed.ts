import { shareOf } from "../round_share.ts";
import type { BootstrapConfig } from "./config.ts";

/** Prompts that one iteration's bootstrapping responds to for so many pairs. */
export function promptsNeeded(
  { promptFactor }: Pick<BootstrapConfig, "promptFactor">,
  wantedPairs: number,
): number {
  return Math.ceil(shareOf(promptFactor, wantedPairs));
}
