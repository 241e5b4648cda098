import type { ModelConfig } from "../../policy/config.ts";
import { loraBlocks, type LoraConfig, loraModules } from "../../policy/lora.ts";
import type { PreferenceFileSetting } from "./setting.ts";

/**
 * The adapters that a setting asks for; undefined where all weights train.
 *
 * @throws {UserError} naming an unknown target module
 */
export function loraOf(
  { full, rank, loraAlpha, dropout, targets }: Pick<
    PreferenceFileSetting,
    "full" | "rank" | "loraAlpha" | "dropout" | "targets"
  >,
  model: ModelConfig,
): LoraConfig | undefined {
  if (full) return undefined;
  const targetModules = targets === "all-linear"
    ? loraModules(model)
    : targets.split(",").map((name) => name.trim());
  const lora = { rank, alpha: loraAlpha ?? 2 * rank, dropout, targetModules };
  loraBlocks(model, lora); // refuses unknown targets
  return lora;
}
