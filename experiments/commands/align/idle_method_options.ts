import type { OptionValues } from "../../../lib/cli/option.ts";
import { ruleFields } from "../../../lib/selection/rule_fields.ts";
import { methods } from "../../../lib/sera/methods.ts";
import { idleEnsembleOptions } from "../margin_options.ts";
import { asksRewardModel, selectionOf } from "./configure.ts";
import type { SeraOptionValues } from "./sera_options.ts";
import type { settingOptions } from "./setting_options.ts";

/** Options of a run: model and data, and the method's config. */
export type MethodOptions = OptionValues<typeof settingOptions> & SeraOptionValues;

type Key = keyof MethodOptions;

/** Options of adapters, which `--full` trains without. */
export const OF_LORA = [
  ...["rank", "loraAlpha", "dropout", "targets"] as const,
] as const satisfies readonly Key[];

const OF_BOOTSTRAPPING: readonly Key[] = [
  ...["judge", "responses", "onPolicy", "promptFactor", "temperature", "topP", "topK"] as const,
];

/**
 * Options without effect beside the others in a run of one method.
 *
 * @param byMethod the option that names the method, with its value
 */
export function idleMethodOptions(options: MethodOptions, byMethod: string): Map<Key, string> {
  const { method, rule, full } = options;
  const selection = selectionOf(options);
  const ranks = methods[method].selection.rule === "top";
  const idle = new Map<Key, string>(idleEnsembleOptions(options));
  const set = (keys: readonly Key[], reason: string) =>
    keys.forEach((key) => idle.set(key, reason));
  if (full) set(OF_LORA, "--full");
  if (!ranks) set(["rule"], byMethod);
  const fields: readonly string[] = ruleFields[selection.rule];
  for (const field of ["keep", "tau", "by", "fixed"] as const) {
    if (!fields.includes(field)) set([field], ranks ? `--rule ${rule}` : byMethod);
  }
  if (!asksRewardModel(options)) {
    set(["rewardSteps", "rewardLr"], "no reward model (--by explicit, --judge explicit)");
  }
  if (methods[method].bootstrap === null) {
    set(OF_BOOTSTRAPPING, byMethod);
    // Responses to held-out prompts are decoded by it, too.
    if (options.heldOut === 0) set(["generationBatch"], `${byMethod} and --held-out 0`);
    if (options.evaluationPrompts === 0) {
      set(["generationBatch"], `${byMethod} and --evaluation-prompts 0`);
    }
  }
  return idle;
}
