import { type IdleOptions, refuseIdle, valuesInForce } from "../../../lib/cli/idle_options.ts";
import { methods } from "../../../lib/sera/methods.ts";
import { type AlignOptions, alignOptions } from "./options.ts";
import { ruleFields } from "../../../lib/selection/rule_fields.ts";
import { asksRewardModel, selectionOf } from "./configure.ts";

type Key = keyof AlignOptions;

const OF_LORA: readonly Key[] = ["rank", "loraAlpha", "dropout", "targets"];
const OF_BOOTSTRAPPING: readonly Key[] = [
  ...["judge", "responses", "onPolicy", "promptFactor", "temperature", "topP", "topK"] as const,
];

const OF_EXTERNAL: readonly Key[] = ["serve", "serveSeconds", "concurrency", "timeout"];

/** Of the model in this process: a server and a trainer have their own. */
const OF_THIS_PROCESS: readonly Key[] = [
  ...["full", "evaluationPrompts", "samplesPerPrompt", "maxRows", "generationBatch"] as const,
  ...["checkpointSeconds", "crossFit", "rewardSteps", "rewardLr"] as const,
];

/** Options of `align` without effect beside the others. */
function idleOptions(options: AlignOptions): IdleOptions<Key> {
  const { method, rule, full } = options;
  const byMethod = `--method ${method}`;
  const selection = selectionOf(options);
  const ranks = methods[method].selection.rule === "top";
  const idle = new Map<Key, string>();
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
  if (options.trainer !== undefined) set([...OF_LORA, ...OF_THIS_PROCESS], "--trainer");
  else set(OF_EXTERNAL, "the model in this process (no --trainer)");
  return idle;
}

/**
 * Refuses options that were given, on the command line or in a config file, and would do nothing.
 *
 * @param given how the user wrote each option
 * @throws {UsageError} naming both options
 */
export function refuseIdleOptions(options: AlignOptions, given: ReadonlyMap<Key, string>): void {
  refuseIdle(idleOptions(options), given);
}

/** The options in force, for the run's config file. */
export function optionsInForce(options: AlignOptions): Partial<AlignOptions> {
  return valuesInForce(alignOptions, options, idleOptions(options));
}
